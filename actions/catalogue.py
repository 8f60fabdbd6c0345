"""Every action, declared by being imported."""

from actions import balance, codes, contact, hardship, identity, manage, paid, pay, plan, promise, rights, talk

ROOMS = (balance, codes, contact, hardship, identity, manage, paid, pay, plan, promise, rights, talk)
