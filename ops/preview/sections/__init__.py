"""The report's sections: each takes the whole report and says one thing of it."""
