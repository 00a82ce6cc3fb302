"""Bedrock's runtime as a stand-in: real shapes, a made-up model. Every text it writes begins with `[stand-in] `.

Answered: Converse, ConverseStream, CountTokens. The same request always gets the same answer; nothing is learnt and
nothing leaves this process. Every answer has the header `x-localcloud-stand-in: bedrock`.

What the model says is ruled by the turn: the user's last message and what tools answered to it. Directives in it are
obeyed in their order, wherever they stand: also in a tool's answer, so the model is as gullible as one can be, and what
holds against it holds against an injected prompt.

    [[say TEXT]]            the answer is this text
    [[length N]]            the answer is N tokens long
    [[tool NAME {JSON}]]    call a tool, one round each (whether or not there is such a tool)
    [[also NAME {JSON}]]    call it in the same round as the tool before
    [[stop REASON]]         end with this stop reason: content_filtered, guardrail_intervened, …
    [[error CODE MODEL]]    refuse with this exception; MODEL is a shell pattern of model ids, any where left out
    [[break CODE MODEL]]    fail in the middle of the answer with this exception
    [[wait SECONDS]]        be silent so long before the first token
    [[stall SECONDS]]       be silent so long in the middle of the answer

Without directives: a tool is called, once in a turn, when the user's text has the words that make its name (see
`wishes`); its arguments are made from its schema and that text (see `arguments`). Then the answer repeats the question,
what the tools answered, and the names in square brackets (`[f1]`) that the turn has, as one that cites its sources. To
a list of facts, one a line with its name before it (`[f1] Revenue: 10`), it says the first five back, name behind.

Tokens are counted by a fixed public rule (see `tokens`), not by the models' own. Cache points are honoured as the
models honour them: see `prompt_cache`. Quotas and latency are set on the AWS endpoint's own page, for as long as the
daemon runs; a quota is there only once it is set:

    GET  /_localcloud/bedrock   {"first_token_ms": 0, "token_ms": 0, "tokens_per_minute": null,
                                 "requests_per_minute": null}
    POST /_localcloud/bedrock   some of these -> all of them; 400 says why not
"""
