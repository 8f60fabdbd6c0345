-- How far a debt has come, for one of the debts.
UPDATE debt SET stage = 'early' WHERE id = 1;
