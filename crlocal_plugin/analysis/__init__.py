"""The description of an analysis: the same for Python, for a YAML file and for the command line.

What to use when:

- an analysis from Python or from a file: `description.Analysis`;
- how the result depends on its entries: `treatments`;
- what its entries may be: `schema`; which datasets they mean: `data`;
- a commented file of one: `files`; what is said of mistakes in one: `errors`.
"""
