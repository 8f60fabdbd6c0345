"""Personal data: what is held and why (``map``), a debtor's own copy (``access``), removal (``erasure``).

The room is above those that own the tables, for a person's data is in all of them. Which column is what is not code
here but one file, ``personal_data.yml``.
"""
