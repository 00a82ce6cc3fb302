"""What happens after a write: changes of the tables' streams, and the reactions to them."""
