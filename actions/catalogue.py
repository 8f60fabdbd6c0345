"""Every action, declared by being imported."""

from actions import balance, contact, hardship, identity, manage, paid, pay, plan, promise, rights, talk

ROOMS = (balance, contact, hardship, identity, manage, paid, pay, plan, promise, rights, talk)
