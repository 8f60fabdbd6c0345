"""The staff console: sign-in, transcripts, takeover, tickets. Everything a debtor typed is data here, never markup."""
