"""Groups: people of a Customer who learn together, and the helpers who look after them."""
