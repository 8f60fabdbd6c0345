"""The benchmark: what it measures, and how it speaks to either bot. ``debtdesk bench`` runs it."""
