"""Customers: schools, employers, other organisations and individuals who give people seats, groups and helpers.

A person's own profile says which Customers and groups they belong to, so one commit begins or ends access. Rosters
(members, participants) serve lists, and tasks tidy them. An invitation is bound to an e-mail address, and its secret is
made when the mail is sent: nothing that is stored can be used to accept it.
"""
