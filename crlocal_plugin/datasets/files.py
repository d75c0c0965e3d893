"""Copies and files of a dataset."""

import copy
from urllib.parse import quote

from astropy.table import Table
from gammapy.datasets import DATASET_REGISTRY
from gammapy.utils.scripts import make_name

from ..components.registration import require_registered
from ..tables.raw_table import TableError
from ..tables.writing import write_table
from .locked import locked_table
from .settings import Setting, as_text


class DatasetFiles:
    """Part of CosmicRayDataset: copies, tables and files."""

    @staticmethod
    def reader(source, columns=None, experiment=None):
        """Read a table of this kind; a kind of your own may check it here."""
        table = Table(source, copy=True) if isinstance(source, Table) else Table.read(source)
        for name, column in (columns or {}).items():
            table.rename_column(column, name)
        table.meta |= {} if experiment is None else {"experiment": experiment}
        return table

    def copy(self, name=None):
        """Deep copy without models.

        Parameters
        ----------
        name : str, optional
            Name of the copy; a random one by default, as in gammapy.

        Returns
        -------
        CosmicRayDataset
            The copy.
        """
        new = copy.copy(self)
        new.__dict__.update(_model=None, _nuisance=None, _nuisance_given=False)
        new = copy.deepcopy(new)
        new._name = make_name(name)
        table = new.table.copy()
        table.meta["name"] = new._name
        new._table = locked_table(table)
        return new

    def settings_to_data(self):
        """Settings as plain values, as a file has them (dict)."""
        values = {name: as_text(getattr(self, name)) for name in self.settings}
        data = {name: value for name, value in values.items() if value is not None}
        data["energy_range"] = [as_text(end) for end in self.energy_range]
        if self.mask_fit is not None and self.energy_range == (None, None):
            data["mask_fit"] = self.mask_fit.tolist()
        return data

    def to_dict(self):
        """Create a dictionary for the YAML file of `~gammapy.datasets.Datasets`.

        ValueError if the class is not registered with gammapy, so that it could not be read.
        """
        require_registered(DATASET_REGISTRY, type(self))
        # quoted, so that every name has a file of its own
        filename = f"{quote(self.name, safe='')}.ecsv"
        rows = len(self.table)
        return {"name": self.name, "type": self.tag, "filename": filename, "rows": rows}

    @classmethod
    def from_dict(cls, data, lazy=False, cache=True):
        """Create a dataset, without models, from its dictionary and the file that it names.

        ``lazy`` and ``cache`` are of no effect, for compatibility. TableError is raised for a table
        of another number of rows than the dictionary says, if it does.
        """
        dataset = cls.read(data["filename"], name=data["name"])
        found = len(dataset.table)
        if data.get("rows", found) != found:
            raise TableError(
                f"{data['filename']}: expected {data['rows']} rows of dataset {dataset.name!r}, "
                f"got {found}: the table is truncated or a different one; write the datasets again"
            )
        return dataset

    def write(self, filename, overwrite=False, checksum=False):
        """Write table and settings to an ECSV or FITS file, whole or not at all.

        Parameters
        ----------
        filename : path-like
            File with suffix .ecsv or .fits.
        overwrite : bool, optional
            Replace an existing file.
        checksum : bool, optional
            Of no effect, for compatibility.

        Raises
        ------
        FileExistsError
            If the file exists and ``overwrite`` is not set.
        ValueError
            If the suffix is another one.
        """
        table = self.table.copy()
        table.meta["name"] = self.name
        table.meta["dataset"] = self.settings_to_data()
        write_table(table, filename, overwrite=overwrite)

    @classmethod
    def read(cls, filename, name=None, columns=None, experiment=None, **kwargs):
        """Read a dataset from an ECSV or FITS file.

        Parameters
        ----------
        filename : path-like or `~astropy.table.Table`
            File, or table.
        name : str, optional
            Name; by default from the file.
        columns : dict, optional
            Names of the package to those of the table, or to pairs of name and unit.
        experiment : str, optional
            Name of the experiment.
        **kwargs : dict
            What the reader of the table takes, ``quantity`` and ``axis`` of a spectrum,
            ``amplitude_kind`` and ``declination_factor`` of a dipole, and settings of the dataset;
            by default what the file says.

        Returns
        -------
        CosmicRayDataset
            The dataset.

        Raises
        ------
        TableError
            If the table is not valid; the message names file, row and column.
        """
        options = {key: kwargs.pop(key) for key in cls.table_options if key in kwargs}
        table = cls.reader(filename, columns=columns, experiment=experiment, **options)
        label = getattr(filename, "label", filename)
        if isinstance(filename, Table):
            label = table.meta.get("name", "<table>")
        stored = cls._checked_settings(table.meta.pop("dataset", {}), label)
        if kwargs.keys() & {"mask_fit", "energy_range"}:
            # what the caller wants in the fit replaces what the file says
            stored.pop("mask_fit", None)
            stored.pop("energy_range", None)
        return cls(table, name=name, **(stored | kwargs))

    @classmethod
    def _checked_settings(cls, stored, label):
        """Settings in the meta of a table, each of which has to be right."""
        place = f"{label}: dataset"
        if not isinstance(stored, dict):
            raise TableError(f"{place}: expected settings such as {{floor: 0.05}}, got {stored!r}")
        unknown = sorted(str(key) for key in stored if key not in (*cls.settings, "mask_fit"))
        if unknown:
            names = f"{', '.join(unknown)}; expected {', '.join(cls.settings)}"
            raise TableError(f"{label}: unknown dataset settings {names}")
        try:
            return {
                key: setting.checked(cls, value, place)
                if isinstance(setting := getattr(cls, key, None), Setting)
                else value
                for key, value in stored.items()
            }
        except ValueError as error:
            raise TableError(f"{error}; correct the meta of the table") from None

    @classmethod
    def from_table(cls, table, name=None, **kwargs):
        """Create a dataset from a table, see `read`."""
        return cls.read(table, name=name, **kwargs)
