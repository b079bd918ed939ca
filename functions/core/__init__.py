"""The ground floor: what every capability stands on. It imports no capability."""
