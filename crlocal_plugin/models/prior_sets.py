"""Priors on what others measured, set on a model by the name of their set."""

from ..components.measured_vectors import vector_prior
from ..components.priors import CORRELATED, FREE_SETS, PRIOR_SETS, WHOLE_SETS, measured_prior
from ..messages import unknown_name


def set_prior_sets(model, names):
    """Set priors of sets, one after the other; they replace priors on the same parameters.

    Those of `FREE_SETS` free what they constrain.

    Parameters
    ----------
    model : CosmicRayModel
        Model; what a set has for parameters that it does not have is left out, and so are those
        that a component has for itself.
    names : str or list of str
        Names of `PRIOR_SETS`.

    Returns
    -------
    dict of str to `~crlocal_plugin.MeasurementPrior` or `~crlocal_plugin.CorrelatedPrior`
        Priors that were set, by the name of the parameter.

    Raises
    ------
    ValueError
        If there is no such set; nothing is changed then.
    """
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in PRIOR_SETS:
            raise ValueError(unknown_name(name, PRIOR_SETS, "set of priors "))
    done, parameters = {}, list(model.parameters) if names else []
    own = {par for component in model.components.values() for par in component.own_parameters}
    parameters = [par for par in parameters if par not in own]
    for name in names:
        found = [par for key in PRIOR_SETS[name] for par in parameters if par.name == key]
        entry = CORRELATED.get(name)
        if name in WHOLE_SETS and len(found) != len(PRIOR_SETS[name]):
            continue
        replaced = set(found)
        kept = [prior for prior in model.penalties if not replaced.intersection(prior.parameters)]
        together = [vector_prior(found, entry)] if entry else []
        model.penalties = [*kept, *together]
        for par in found:
            if not entry:
                par.prior = measured_prior(par.name, name)
            done[par.name] = together[0] if entry else par.prior
            par.frozen = par.frozen and name not in FREE_SETS
        if name in FREE_SETS:
            model.set_default_frozen(found)
    return done
