"""Speech codes, 25 a second, of what the language model says: its text, and its hidden state at each token. Arrays in, arrays out.

| mode | | what decides when it stops |
|---|---|---|
| duplex | `units` | a window: at most 25 codes, exactly 25 in the middle of a turn; the cache lasts as long as the turn |
| half-duplex | `groups` | the end code, for each group of some 10 tokens; four ways to forget |
| turn-based | `utterance` | the end code, not before 50 codes |

`decoder` is the model, `coding` the choice of a code. What is remembered is a value; chance is handed in. Source: spec 6.1 to 6.5.
"""
