"""The evidence log: what was done and said to whom, in a chain that shows any change (docs/evidence.md).

Rows are written in the transaction of what they record: by triggers of the database where a row of another table is
the thing itself (``capture``), by ``record`` where words or an act outside the tables must be kept. A worker seals
them one after another (``sealing``); ``verifying`` finds what was changed, removed, put in or cut off.
"""

from compliance.evidence.recording import record

__all__ = ["record"]
