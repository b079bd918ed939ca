"""What is stored, what it is, and how it gets to Firestore and back."""
