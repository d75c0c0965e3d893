"""Registration of classes with gammapy: once, however often the package is imported."""


def register(registry, *classes):
    """Append classes to a gammapy registry.

    A class of the same module and name that is already there, as after a reload, is replaced.

    Parameters
    ----------
    registry : list
        Registry of gammapy or of this package.
    *classes : type
        Classes to append.
    """
    for cls in classes:
        for index, known in enumerate(registry):
            if (known.__module__, known.__qualname__) == (cls.__module__, cls.__qualname__):
                registry[index] = cls
                break
        else:
            registry.append(cls)
