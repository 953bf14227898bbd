"""What a message says as a whole against its own wishes: it cites somebody, or tells that all is settled."""

import re

CITES = re.compile(
    r"\b(?:you|they|he|she|it|(?:the|a|an|your|this|that|some|one|another|my) (?:[\w-]+ ){0,3}?[\w-]+)"
    r" (?:has |have |had |just |then |once )?(?:said|says?|wrote|writes?|reads?|told|tells?|asked|asks|"
    r"answered|answers|replied|replies|typed|claimed|claims|stated|states|showed|shows)"
    r"(?: (?!that\b|to\b)[\w']+){0,7}(?:, \w+)?:(?! ?\d)|"
    r"\b(?:in|on|from) (?:your|the|an?|this) [^.!?:]{1,40}? (?:i|we) (?:read|found|saw|see|find):|"
    r"\bsubject (?:line )?(?:of|was|is|reads)\b",
    re.I,
)
"""What follows the colon is what somebody else said or some page shows: `A pop-up told me: return it`."""
SETTLED = re.compile(
    r"\b(?:refund|return|exchange|cancell?ation|replacement)\b[^.!?:\n]{0,40}: (?:all )?(?:received|"
    r"arrived|done|settled|got it|sorted|completed)\b"
    r"|\b(?:treat|consider|regard|see) (?:[\w']+ ){0,4}as (?:not sent|unsent|never sent|void|withdrawn|"
    r"closed|settled|moot)\b"
    r"|\bupdate\b[^.!?:\n]{0,40}: (?:it|the \w+|everything) (?:now )?works\b"
    r"|\b(?:i|we)(?:'d| would)? (?:like|want|wish) to take (?:that|this|it) back\W*$",
    re.I | re.M,
)
"""What has come to its end, or is to count as never written."""
THEIR_ORDER = re.compile(
    r"\b(?:neighbou?r|friend|sister|brother|mother|father|mum|mom|dad|colleague|flatmate|roommate|cousin|"
    r"aunt|uncle|daughter|son|boss|tenant|grand\w+)['\u2019]?s (?:own )?(?:order|purchase|account)\b",
    re.I,
)
POSES = re.compile(
    r"^\W*(?:system|assistant|admin(?:istrator)?|developer|operator|tool|supervisor|instructions?)\W{0,3}:",
    re.I | re.M,
)
"""Who writes as the machine or its keeper is not heard as a customer."""
REFUSED = re.compile(
    r"\b(?:refund|return\w*|cancel\w*|exchang\w+|replacement|swap)\?+\s*(?:no|nope|not)\b"
    r"|\b(?:return|exchange|refund|request)\b[^.!?]{0,40}[:,-] ?(?:please )?cancel (?:it|that|this)\b",
    re.I,
)
IS_DONE = re.compile(
    r"\b(?:refund|return|exchange|swap|replacement|cancell?ation)\b[^.!?:]{0,30}: ?"
    r"(?:received|done|arrived|completed?|finished|settled|sorted|processed|fine|ok(?:ay)?)\b",
    re.I,
)
"""A list of what has been done: `Refund: received`."""
