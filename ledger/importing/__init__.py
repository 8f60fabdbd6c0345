"""Reading debts from CSV files and placing them in the ledger.

``source`` turns bytes into rows, ``mapping`` says where each fact of the ``native`` layout is found,
``rows`` checks every row, ``load`` writes the good ones. Nothing here asks or prints.
"""
