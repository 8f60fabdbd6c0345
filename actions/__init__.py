"""Rasa's custom actions: who is it, what do they want, ask the service, answer. Nothing is computed here."""
