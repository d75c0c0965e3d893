"""Tables and arrays that cannot be changed in place, so that nothing is out of step with them."""

from operator import attrgetter

import numpy as np
from astropy.table import Table

_REMEDY = "it belongs to a dataset: change a copy, table = dataset.table.copy(), and assign it"


def _refusing(name):
    def method(self, *args, **kwargs):
        raise TypeError(f"{name}: this table is read-only, for {_REMEDY}")

    return method


class LockedMeta(dict):
    """Meta of a locked table; copies of it are plain dictionaries."""

    def __reduce__(self):
        return dict, (dict(self),)


class LockedTable(Table):
    """Table that refuses changes; copies of it, and parts of it, can be changed."""

    def copy(self, copy_data=True):
        """Return a table that can be changed."""
        return Table(self, copy=copy_data)

    def __getitem__(self, item):
        found = super().__getitem__(item)
        return found.copy() if isinstance(found, LockedTable) else found

    def __setattr__(self, name, value):
        if name in ("meta", "columns") and isinstance(self.__dict__.get("_meta"), LockedMeta):
            _refusing(f"table.{name} = ...")(self)
        super().__setattr__(name, value)


_CHANGES = {
    LockedTable: (
        *("__setitem__", "__delitem__", "add_column", "add_columns", "add_row", "insert_row"),
        *("replace_column", "remove_column", "remove_columns", "remove_row", "remove_rows"),
        *("keep_columns", "rename_column", "rename_columns", "sort", "reverse", "update", "round"),
        *("convert_bytestring_to_unicode", "convert_unicode_to_bytestring"),
    ),
    LockedMeta: (
        *("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault"),
        "update",
    ),
}
for _cls, _names in _CHANGES.items():
    for _name in _names:
        setattr(_cls, _name, _refusing(_name))


def locked_table(table):
    """Copy of a table that cannot be changed."""
    locked = LockedTable(table, copy=True)
    lock_arrays(locked.columns)
    locked.meta = LockedMeta(locked.meta)
    return locked


def lock_arrays(attributes):
    """Make the arrays among the values of a dictionary read-only."""
    for value in attributes.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
            if isinstance(value, np.ma.MaskedArray):
                value.mask.flags.writeable = False


def read_only(path, doc):
    """Property that gives an attribute, or one of an attribute; without a setter, it stays."""
    get = attrgetter(path)
    return property(lambda self: get(self), doc=doc)
