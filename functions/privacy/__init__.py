"""The rights of the person and the duties of whoever keeps data: they are carried out by reading the declarations."""
