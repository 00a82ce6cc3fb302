"""Chat and insights: a language model over the shop's own records, within what may be spent and done."""
