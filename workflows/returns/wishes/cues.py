"""The words by which the kinds of clauses are told apart: English first, then German, French, Spanish."""

import re

DO = (
    r"(?:(?:don't|do not|dont) (?:send|ship|deliver) (?:it|them|the \w+)(?! back)|cancel\w*|refund\w*|"
    r"return(?:s|ed|ing)?\b|exchang\w+|swap\w*|replac(?:e[sd]?|ing|ement)\b|"
    r"reimburs\w+|"
    r"(?:my |our |the |her |his |their )?money(?: back)?|"
    r"(?:sen[dt]|sending|take|taking|took|taken|give|giving|gave|given|go|goes|going|bring|bringing|"
    r"came|have|be)"
    r"(?: (?!back)[\w'-]+){0,4} back|chargeback|cancle|call(?:ing|ed)? off|drop (?:my |the |"
    r"this )?order|stop (?:my|the|this|"
    r"our) (?:whole |entire )?order|be stopped|undo my|take my order out|rma|return label|back it goes|"
    r"withdraw (?:my|the) order|withdraw\w* from|void (?:my|the) order|annul\w*|"
    r"stornier\w*|stornierung|rückgabe|rückerstattung|erstatt\w+|umtausch\w*|umgetauscht|zurück\w*|"
    r"annul(?:er|ez|ée?|ation)|rembours\w+|retourn\w+|rend(?:re|s)\b|renv\w+|échang\w+|"
    r"cancel(?:ar|en|e|o|ado)|devol\w+|reembols\w+|cambi(?:ar|o|en)\b)"
)
GAP = (
    r"(?:(?:to|for|you|it|me|us|my|the|a|an|any|our|that|this|them|please|ever|really|even|actually|"
    r"just|longer|"
    r"want|wants|wanted|wish|need|needed|have|asking|ask|asked|bother|with|process|start|request|be|"
    r"going|plan|"
    r"planning|intend|intention|of|like|in|interested|said|wanting|order|anything|about|issue|say|do|going|"
    r"never|i|after|looking|wishing) ){0,8}"
)
NO = (
    r"(?:do(?:es)? not|don't|doesn't|dont|did(?:n't| not)|am not|i'm not|im not|are not|aren't|is not|"
    r"isn't|"
    r"isnt|it's not|won't|wont|will not|would not|wouldn't|not|never|no|neither|nor|cannot|nobody|no one|"
    r"without|needn't|need not|don't have to|rather than(?: a)?|instead of(?: a)?|refuse|decline|"
    r"avoid(?: a)?)"
)
_NO_OTHER = (
    r"\bnicht (?:\w+ ){0,2}(?:stornier|zurück|erstatt|umtausch)|"
    r"(?:stornier|rückgabe|zurück(?:geben|schicken)|erstatt|umtausch)\w* (?:[\w-]+ ){0,5}(?:nicht|nichts|"
    r"keine)|\bkeine? (?:\w+ )?(?:stornierung|rück|erstatt|umtausch)|"
    r"(?:stornier\w+|erstatt\w+|zurück\w*) (?:\w+ ){0,4}(?:nicht|nichts)\b|"
    r"nicht (?:\w+ ){0,3}(?:zurückgeben|zurückschicken|stornieren|umtauschen)|"
    r"\bne (?:pas )?(?:\w+ ){0,3}?(?:annul|rembours|retourn|rend|échang|renv)\w* ?(?:pas)?|\bpas (?:d'|"
    r"de )?(?:annul|rembours|retour)|"
    r"\bn['\u2019](?:annul|échang)\w* pas\b|"
    r"\bno (?:\w+ ){0,3}(?:cancel|devol|reembols|cambi)"
)
NO_OTHER = re.compile(_NO_OTHER, re.I)
"""A no of other languages, which stands where English has none."""
DENIES = re.compile(
    rf"\b{NO} {GAP}{DO}|{_NO_OTHER}|{DO} (?:\w+ ){{0,2}}(?:is |are |was )?(?:not|isn't|n't|"
    rf"no longer(?! (?:need|want|wish)\b)|out of)\b|{DO} nothing\b|\bnever\b[^.!?]{{0,40}} {DO}|"
    rf"{DO}[^.!?]{{0,40}}\b(?:over my dead body|my foot)\b",
    re.I,
)
AVERTS = re.compile(
    r"\b(?:stop|prevent\w*|refrain\w*|hold(?:ing)? (?:off|back|on)|wait (?:with|before)|postpone|delay|"
    r"far from|(?:any|every)thing but|keep (?:\w+ )?from|no need|hesitat\w+|"
    r"(?:less|sooner|rather) .{0,30}\bthan)"
    rf"(?: (?!and\b|or\b|then\b|please\b)[\w']+){{0,4}}? {DO}"
    rf"|{DO} (?:to wait|on hold|to be (?:put )?on hold)\b"
    rf"|{DO}(?: [\w']+){{0,3}}? (?:is|are|was|were|be|as|'s) (?:[\w']+ ){{0,2}}?"
    r"(?:last|least|worst|mistake|nonsense)\b",
    re.I,
)
"""Words that refuse without a word of refusal: `the last thing I want`, `hold off on the refund`."""
SENT_BY = re.compile(
    r"\b(?!(?:i|we|and|have|has|had|i've|we've|already|just|also|then|once|twice|who)\b)[\w-]+ "
    r"(?:has |had |have )?(?:told|asks?|asked|wants?|wanted|begged|instructed|urged|ordered|wrote) (?:to )?"
    rf"(?:you|u)(?: \w+)? to (?:\w+ ){{0,2}}{DO}|"
    rf"\byou (?:\w+ )?(?:want|expect|ask)(?:ed)? (?:me|us) to (?:\w+ )?{DO}",
    re.I,
)
"""What somebody else wishes of the desk, or the desk of the customer."""
HEED_NOT = re.compile(
    r"\b(?:ignore|disregard|(?:do not|don't|dont|never) (?:listen to|believe|mind)) "
    r"(?:her|him|them|what)\b",
    re.I,
)
WHERE_TO = re.compile(
    r"\b(?:refund|money(?: back)?|it back) (?:to go |to be )?(?:on|to|onto|via) (?:the|my) "
    r"(?:visa|master ?card|pay ?pal|gift ?card|(?:credit )?card)\b",
    re.I,
)
"""Where money shall not go says nothing against its going."""
KEEP_ON = re.compile(
    r"\b(?:leave (?:the|my|our|it|order|things)\b.{0,30}\b(?:alone|as (?:it|they) (?:is|are)|be)|"
    r"leave it\b|please (?:go on|proceed|continue) with the (?:delivery|order)|(?:please )?(?:send|"
    r"deliver|ship) it (?:as|anyway|after all)|"
    r"(?:nothing|not anything) (?:to(?! do with)|back|at all)|(?:that|this|refund|return|replacement|"
    r"exchange|"
    r"cancell?ation) (?:really )?(?:won't be|will not be|isn't|is not|not) needed(?! any)|is void\b|"
    r"(?:let|that) (?:it|one)? ?(?:can )?come)\b",
    re.I,
)
WITHDRAWS = re.compile(
    r"\b(?:never ?mind|forget (?:it(?! all|,? (?:just |please )?cancel)|about|that|all|(?:the|"
    r"my) (?:above|last|previous|message|return|refund|request|exchange|cancel\w*))|"
    r"(?:ignore|disregard|scratch|tear up|withdraw|revoke|annul|undo|void|take back|close|cancel|drop|"
    r"delete) "
    r"(?:my (?:last|previous|earlier|return|refund|request|cancell?ation|exchange|mail|message|email|"
    r"complaint)|"
    r"the (?:above|return|refund|request|cancell?ation|exchange|ticket|last|previous|form)|"
    r"this (?:return|request))|"
    r"(?:ignore|disregard|scratch|undo) (?:it|that|this)|request for cancell?ation|(?:treat|"
    r"consider) my|please ignore|keep(?:ing)? (?:it|them|both|everything|all|this|"
    r"that)\b(?! (?:as )?(?:short|simple|brief|quick|easy)\b)|"
    r"keep (?:the|"
    r"my|our) order|"
    r"all (?:good|sorted|fine|well|done) now|all sorted|it'?s sorted|problem (?:is )?solved|"
    r"complaint is settled|"
    r"i take back|taking back my|false alarm|(?:refund|return|exchange|"
    r"replacement)(?: is)? no longer (?:required|needed)|no longer (?:want|need|wish) to (?:return|"
    r"cancel|exchange|swap|send|change)|"
    r"don't want it cancelled any|stop the (?:return|cancell?ation|refund|exchange)|reopen|"
    r"actually,? (?:no|keep|leave)|wait,? no|"
    r"sorry,? (?:wrong order|nothing)|nothing to do(?! with)|decided (?:to keep|against)|please (?:go on|"
    r"keep sending|send|deliver|ship) it(?! (?:back|to (?:\d+|my|our|the))\b)|let it come|"
    r"anders überlegt|behalte\w*|vergessen sie|ziehe?n? .{0,30} zurück|je (?:la |le |les )?garde|"
    r"me (?:lo|la|los|las) quedo)\b"
    r"|\bi (?:said|wrote|asked|told).{0,60}\bi won't\b|i would not\.?$|^keeping (?:it|them)|"
    r"\b(?:but|now) (?:i|we) (?:now |really )?(?:like|love) (?:it|them)\b|"
    r"\b(?:refund|return|exchange|cancell?ation|request) (?:as |is |(?:to )?be )?"
    r"(?:cancelled|void|withdrawn|closed|null|reversed|undone|revoked|stopped|rejected|refused)\b|"
    r"\bedit:|i declined|(?:did not|didn't) come from me|wasn't me|in my name|told (?:him|her|them) to|"
    r"(?:just|only) (?:kidding|joking)|(?:do not|don'?t) bother\b(?! (?:to|with|\w+ing)\b)|"
    r"i(?:'ll| will) take it\b(?! (?:back|to|there|over|in)\b)|"
    r"(?:who wouldn't)|isn't what (?:i|we) want|(?:refund|return|cancel\w*|"
    r"exchange)\?\s*no\b|sell it|rather have it repaired|your choice",
    re.I,
)
NOT_KEPT = re.compile(
    r"\b(?:not|n't|never|cannot|instead of|rather than|don't want to|no use) (?:\w+ ){0,3}keep(?:ing)? \w+",
    re.I,
)
KEEPS = re.compile(
    r"\b(?:keeping (?:those|the|my|our)|changed my mind|change of (?:plans?|heart|mind)|"
    r"on second thoughts?|thought (?:again|"
    r"better)|after all|(?:i|we)(?:'m|'re|'ll| am| are| will)? ?(?:now )?keep(?:ing)? (?:the|my|our|"
    r"mine)\b|"
    r"now (?:i|we) (?:like|love)|but (?:now )?(?:i|we) (?:like|love)|finalement|al final|das passt)\b",
    re.I,
)
PAST = re.compile(
    rf"\b(?:i|we) had to {DO}|{DO}[^.!?]{{0,40}} (?:has been|have been|was|were) (?:already )?"
    r"(?:turned down|dealt|handled|settled|done|taken care|processed|completed|resolved|sorted)\b|"
    r"\b(?:have|has|had|'ve|'s|was|were|been|got|already)(?: \w+){0,2} (?:already )?(?:been )?"
    r"(?:cancell?ed|refunded|returned|exchanged|swapped|replaced|reimbursed|sent (?:\w+ ){0,3}back|"
    r"taken back|given back)\b|"
    r"\b(?:i|we|you|they|he|she|who|someone|nobody|colleague|courier|wife|husband|and) (?:have |had |"
    r"has )?(?:already |then |just |also )?"
    r"(?:cancell?ed|refunded|returned|exchanged|swapped|took (?:\w+ ){1,5}back|sent (?:\w+ ){1,4}back|"
    r"gave (?:\w+ ){1,4}back|got (?:my|the) (?:refund|replacement|exchange))\b|"
    r"\b(?:received|got|accepted|arrived|issued|finished|went (?:through|smoothly|to)) (?:my|the|your|"
    r"our) (?:\w+ ){0,2}(?:refund|replacement|exchange|credit note|cancellation)|"
    r"\b(?:my|the|your|our|a|this|that) (?:\w+ )?(?:refund|return|replacement|exchange|cancell?ation|"
    r"swap|money)(?: \w+){0,7} (?:arrived|received|issued|came|went|has been|have been|accepted|"
    r"(?:is|as) pending|was (?:done|issued|fine)|goes? through|worked)\b|"
    r"\b(?:where(?!.{0,40}\b(?:can|could|may|should|shall) (?:go|be))|when|status|how long|which account)\b"
    r".{0,40}\b(?:my|the|your) (?:refund|return|money|replacement|exchange|cancell?ation)|"
    r"\bstatus of (?:my|the)|^(?:returned|refunded|cancelled) |^(?:the |my )?refund (?:received|"
    r"arrived|came)|\b(?:asked|ask(?:ed)? you) for (?:a|my) (?:refund|return)|"
    r"\bmy (?:refund|returned?|return|cancell?ed|cancell?ation|exchange)\b.{0,40}\b(?:has|have|still|"
    r"is|was|isn't|hasn't|of last|last|went)\b|"
    r"\b(?:habe|hat|wurde|ist|bekommen)\b.{0,60}\b(?:zurückgeschickt|zurückgegeben|storniert|erstattet|"
    r"umgetauscht|bekommen|angekommen)|erstattung (?:\w+ )?bekommen|"
    r"\b(?:ai|été|avez|a) (?:\w+ ){0,2}(?:remboursée?|annulée?|renvoyée?|rendue?|échangée?)|\b(?:he|ha|"
    r"han|me|ya) (?:\w+ )?(?:devuelto|devolvieron|cancelado|cambiado|reembolsado)",
    re.I,
)
WANTED_DONE = re.compile(
    r"\b(?:appreciate(?: it)?|grateful|glad|thankful|happy|great|kind|lovely) if (?:you|the|it|my)\b|"
    r"(?:like|want|and) (?:to )?(?:\w+ ){0,6}be refunded|\b(?:want|like|need|have(?= (?:it|them|the|my|"
    r"this|that|these|mine|one|both|all)\b)|get|prefer|wish|see|"
    r"request\w*) (?:\w+ ){0,4}(?:to be |be )?(?:cancell?ed|refunded|returned|exchanged|swapped|"
    r"replaced|reimbursed)\b|\b(?:to|could|can|please|must|should|"
    r"will) (?:\w+ ){0,3}be (?:\w+ )?(?:cancell?ed|refunded|returned|exchanged|swapped|replaced)",
    re.I,
)
NEARLY = re.compile(
    r"\b(?:let's say|you say (?:that )?(?:i|we) (?:should|must|have to)|"
    r"thought (?:about|of)|thinking (?:about|of)|considered|considering|almost|nearly|"
    r"was (?:going|about) to|were going to|"
    r"(?:glad|good) (?:that )?(?:i|we) (?:didn't|did not)|had (?:wanted|planned|intended|"
    r"requested) to|intended to|wondering (?:if|whether) (?:i|we) should|"
    r"haven't (?:decided|made up)|could be that|(?:then )?(?:i|we)(?:'ll| will)? decide|(?:i|"
    r"we) wanted (?:to|a|my)|have until|not sure (?:yet|whether)|still deciding|tempted to|recommend|"
    r"would have|would've|might|maybe|perhaps|possibly|probably|may have to|could return|"
    r"vielleicht|überlege|peut-être|quizá|tal vez)\b",
    re.I,
)
POLITE_IF = re.compile(
    r"\bif (?:(?:that'?s|that is|it'?s|it is|this is|thats|its|you) )?(?:still |at all |"
    r"not )?(?:possible|ok(?:ay)?|alright|all right|fine|allowed|too late|too much|can(?!'t|not)|could|"
    r"may|don't mind|would|need be|needed|necessary|please)\b"
    r"|\bif (?:i|we) may\b|\bif (?:it|they|this|that|the order) (?:hasn't|has not|haven't|isn't|"
    r"is not) (?:yet )?(?:been )?(?:too late|shipp?\w*|sent|gone|left|dispatch\w*|available|packed)|"
    r"\bif (?:there(?:'s| is)|any)\b.{0,20}\bdifference|\bif (?:you )?(?:have|has) (?:it|one|any)|"
    r"\b(?:appreciate(?: it)?|grateful|glad|thankful) if (?:you\b|(?:i|we) could\b)|"
    r"\bif not\b|\bas if\b|\beven if\b|\bif so\b|\bif (?:in stock|available)"
    r"|\bif you (?:need|want|have|like|require|still|would)\b|\bif anything\b|"
    r"\bif (?:the agent )?ask(?:s|ed)\b",
    re.I,
)
IF = re.compile(
    r"^(?:were|had|should) (?:the|it|i|we|my)\b(?!.*\?)|\b(?:if|in (?:the worst )?case|one day|"
    r"it could be|unless|should (?:i|it|the|we|he|she|"
    r"my)\b(?!.*\?)|depending on|provided|assuming|suppose|supposing|imagine|what if|had i|were (?:it|"
    r"the|i) |once i|as soon as (?!possible|you can)|falls|sonst|"
    r"wenn|si (?!vous plaît|us plaît|possible|us)|en caso)\b",
    re.I,
)
THREAT = re.compile(
    rf"\b(?:or else|or (?:i|we|you)\b|otherwise|after that|next time|one more|last warning|"
    rf"more excuses|don't make me|have to threaten|be forced to|giving you|you have \d+|you'd better|"
    rf"hurry or)\b.{{0,60}}{DO}|"
    r"\b(?:ask|tell|call) my bank|chargeback|lawyer|= ?no order|hate to (?:cancel|return)|need to threaten|"
    r"\bor (?:it|they|this|that|these|those|(?:the|my|this) [\w-]+)(?:'s| is| are| will)?"
    r" (?:goes?|going|coming) back\b",
    re.I,
)
QUESTION = re.compile(
    r"^(?:and |so |but |also |hi,? |hello,? |just wondering,? |before .{0,40}: )*(?:can|could|may|"
    r"might|would|will|do|does|did|is|are|am|how|what|which|who|where|when|until|why|was|has|have|kann|"
    r"kann ich|wie|est-il|peut-on|se puede|puedo|puis-je)\b",
    re.I,
)
POLICY = re.compile(
    r"\beigentlich\b|"
    r"\b(?:policy|policies|how (?:long|many|much|quickly|does|do|would|can|could|is)\b|in general|"
    r"generally|normally|usually|theoretically|in principle|"
    r"for gifts?|(?:is|are) (?:returns?|returning|there)\b|fee|costs?\b|who pays|window|deadline|"
    r"until when|later\b|"
    r"(?:until|till|after|before) (?:\w+day|christmas|easter|the (?:holidays?|weekend|end|sales?)|new year|"
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)|then)\b|"
    r"tomorrow|ever\b|at all\b|without (?:the|a) (?:receipt|box)|"
    r"someone|somebody|anyone|customers|people|members?|what happens|just (?:so i know|asking|"
    r"wondering|in case)|only asking|before i|do you (?:also |offer |refund|exchange|take|accept)|"
    r"is it (?:a problem|allowed|free|hard)|does (?:a |the |returning|it)|what do i (?:need|"
    r"have) to do|single items|just so i know|is (?:exchanging|returning|cancell?ing)|(?:return|"
    r"exchange|cancel|send) (?:something|stuff|things|gifts?|items\b|orders\b|shoes\b|online)|wie lange|"
    r"peut-on|would (?:a\b|it (?:cost|be hard)|i get)|am i right|after (?:opening|assembly|i|a)|"
    r"next (?:week|month|year))\b",
    re.I,
)
OTHERS = re.compile(
    rf"\b(?:my |our |his |her |their |the |a |some |every)?(?:neighbou?r|friend|sister|brother|mother|"
    rf"father|mum|mom|dad|colleague|flatmate|roommate|cousin|aunt|uncle|daughter|son|tenant|ex|"
    rf"grand\w+|(?:another|other|a|some) customers?|people|others|lady|seller|person before|"
    rf"(?<!can )(?<!could )(?<!please have )someone|"
    rf"everybody|everyone|kids|cat|dog|nachbarin?|voisine?|vecin[oa]|schwester|bruder|mutter|"
    rf"freundin|s\u0153ur|fr\u00e8re|m\u00e8re|hermana|hermano|madre)\b[^.!?]{{0,60}}"
    rf"(?:{DO})|\b(?:they|he|she) (?:now )?(?:wants? to|will|would) {DO}|"
    rf"\b(?:they|he|she) (?:may|might|could|should) (?:\w+ )?(?:want|wish|like|ask|need) (?:to )?{DO}|"
    rf"(?<!customer )(?<!user )\b(?:wants|asks|demands|insists)\b[^.!?]{{0,40}} {DO}|\b(?:her|his|their) "
    rf"(?:refund|return|order|money|cancell?ation)\b",
    re.I,
)
MINE = re.compile(
    r"\b(?:i|we)(?:'d|'m| am| would| want| need| have to| wish| must| should)?\b[^.!?]{0,70}" + DO, re.I
)
THANKS = re.compile(
    rf"\b(?:great|excellent|good|super|perfect|fantastic|lovely|wonderful|brilliant) "
    rf"(?:service|job|work|help)\b[^.!?]{{0,30}}{DO}|"
    rf"\b(?:thank(?:s| you)(?: \w+){{0,4}} (?:for|that)|thx for|cheers for|"
    rf"(?<!should be )(?<!would be )(?<!'d be )grateful|"
    rf"(?<!would )(?<!'d )appreciate(?! it if)|kudos|"
    rf"merci pour|danke für|gracias por|happy (?:with|that|how|i am)|great experience|"
    rf"best)\b[^.!?]{{0,40}}{DO}|{DO}[^.!?]{{0,30}}\b(?:was so|so easy|so fast|great|lovely|five stars)",
    re.I,
)
NOT_MEANT = re.compile(
    r"noise cancell?ing|"
    r"^(?:return|refund|exchange|cancel)(?:,? (?:return|refund|exchange|cancel)\w*)+(?:$|,)|"
    r"(?:give|send|drop|bring) me (?:back )?(?:a |my |your )?(?:short |quick )?"
    r"(?:call|note|ring|line|account|access|answer)(?: back)?|"
    r"cancel(?:l?ed|l?ation(?: of| for)?)? (?:my |the |any |your )?"
    r"(?:(?:\w+ )?(?:mails?|e-?mails?|reminders?|notifications?)\b|"
    r"newsletter|appointment|subscription|account|cheque|pickup|internet|button)|"
    r"(?:send|bring|give)(?: (?!back|and|then|money|amount|payment|refund|sum|it|them)[\w-]+){1,6} back to "
    r"(?:me|us)\b|return (?:my |the |some |our )?(?:library|rented|rental|hired|borrowed|leased) \w+|"
    r"(?:return|refund) (?:my |the )(?:\w+ )?(?:form|ticket|letter|documents?|papers|contract|keys?)\b|"
    r"(?:send|give|bring|mail)(?:ing)? (?:me|us) back (?:my|our|the|an?|that|this) "
    r"(?!(?:full |whole )?(?:money|amount|refund|price|payment|cash|sum)\b)|"
    r"return(?:s|ed)? (?:my |your |the |a )?(?:call|flight|address|department|"
    r"policy|form)|replacement (?:filter|part|lid|head|bulb|batter|strap|blade)\w*|"
    r"replace the (?:photo|picture|text)|"
    r"return(?:s|ed|ing)? to (?:the|work|sender|(?:your|this) (?:shop|store|site|website|page))|"
    r"return(?:s|ed|ing)? (?:from|(?:your|the) (?:greetings?|favou?r|compliment))|cancell?ation form|"
    r"(?:bring|take) back [^.!?]{0,40} to (?:your|the) (?:range|catalogue|menu|website|shop window)|"
    r"(?:exchange|replace|swap) (?:your|the) (?:\w+ ){0,2}(?:supplier|courier|"
    r"carrier|manager|staff|website|logo)|"
    r"replacement (?!for|of|one|unit|please|item|product)\w+ for (?:the|my)|"
    r"swap (?:stories|tips|ideas|places)|"
    r"happy returns|in return\b|returning customers?|"
    r"exchange (?:a few )?(?:words|views|ideas|letters|currenc\w+|rates?)|\brefund polic|"
    r"(?:call|get|write|hear|come|answer|reply|report|bring|go|look) (?:\w+ )?back to (?:me|you|us)|"
    r"back (?:doctor|then|pain|cover|home|room)|\bback and forth|"
    r"(?:card|account|visa|mastercard|paypal) (?:was|has been|got) replaced|money back guarantee|"
    r"return to \w+ing|guarantee|give .{0,30} to (?:my|someone|somebody)|backrest|background|backpack|"
    r"voucher",
    re.I,
)
WISHES = re.compile(
    r"\b(?:please|pls|plz|kindly|(?:i|we|you)(?:'d| would| should|'ll)? (?:really |therefore |hereby |"
    r"kindly )?(?:want|like|love|"
    r"need|wish|prefer|ask|demand|request|expect)s?\b|\b(?:want|would like|need|wish) (?:to\b|a\b|"
    r"my\b)|(?:i|we) (?:have|must|need) to|"
    r"(?:can|could|will|would) (?:you|u|i|we)\b(?: mind)?|any chance (?:of|you (?:can|could))|"
    r"(?:i|we)(?:'d| would) (?:much |really )?appreciate|(?:have|'ve) decided to|may (?:i|we)|"
    r"(?:i|we)(?:'ll| will)|let me|let's|i(?:'m| am)(?: \w+)? (?:returning|sending|"
    r"cancell?ing|giving|asking|writing)|bitte|möchte|ich will\b|will ich\b|veuillez|"
    r"je (?:veux|voudrais|souhaite|retourne)|quiero|quisiera|por favor)\b"
    r"|^(?:hi,? |hello,? |and |so |then |also |just )*(?:cancel|refund|return|exchange|swap|replace|"
    r"send|take|give|stop|annul|reimburse|stornieren|"
    r"returning|sending|requesting|change|trade|money back|cancell?ation request|withdrawal)\b(?!\?)"
    r"|(?:^|, |but |and |\. )(?:want|need)\b"
    r"|\b(?:sending back|hereby|goes back|back it goes|would rather (?:just )?(?:have|return)|"
    r"'d rather (?:just )?(?:have|return|swap)|'d swap|request (?:a )?replacement|need (?:a )?bigger|"
    r"(?:are|is) (?:going|coming) back|(?:don't|do not|dont) (?:send|ship|deliver) (?:it|them|"
    r"the \w+)(?! back)|"
    r"happy to (?:exchange|return|swap|send)|help me with returning|interested in exchanging|"
    r"the (?:customer|user) (?:wants|would like)|may i get|appreciate it if you (?:could|would|\w+ed)|"
    r"(?:should|would|'d) be (?:grateful|glad|thankful) for|"
    r"(?:these|those|they|both|it) should go back)\b"
    r"|\b(?:could|can) (?:(?:my|this|the) order|this|it|mine) be \w+|\b(?:could|"
    r"can) the (?:\w+ ){1,3}be (?:exchanged|swapped|replaced) for|would it be possible to (?:replace|"
    r"have|exchange|swap)"
    r"|, (?:just )?(?:cancel|refund|exchange|return) (?:my|the|it|this)\b"
    r"|\bi'll (?:send|return) (?:it|them) (?:back )?for a refund\b"
    r"|\b(?:refund|replacement|return|exchange|cancell?ation|cancel|money back)\b.{0,12}(?:\bplease|\bpls)",
    re.I,
)
PLEASE = re.compile(r"\b(?:please|pls|plz|bitte|s'il vous plaît|por favor)\b", re.I)
NOMINAL = re.compile(
    r"^(?:\W*\w+\W+){0,5}\b(?:refund|replacement|return|exchange|cancell?ation|cancel|money back)\b.{0,12}$",
    re.I,
)
"""A short clause that ends with what is wanted: `Too late, refund!`"""
FAMILIES = {
    "refund": re.compile(
        r"refund|return|money|reimburs|back\b|erstatt|rück|rembours|rend|renv|devol|reembols", re.I
    ),
    "exchange": re.compile(
        r"exchang|swap|replac|new one|another one|umtausch|umgetauscht|échang|cambi", re.I
    ),
    "cancel": re.compile(r"cancel|annul|storn|call off|stop the order|withdraw", re.I),
}
INSTEAD = re.compile(
    r"\b(?:need (?:an? |the )?(?:xx?s|s|m|l|xx?l|\d+)\b|chang\w+|"
    r"switch\w*(?! (?:\w+ )?off\b)|trad(?:e|ing)|instead|rather than|(?:a|the|another|"
    r"same) (?:\w+ ){0,3}(?:new|working|right|correct|bigger|smaller|other|second|replacement|whole|"
    r"faultless)?\b ?(?:one|pair|size|piece)|"
    r"another|new one|in (?:xx?s|s|m|l|xx?l|\d+|a \w+)\b|the (?:xx?s|s|m|l|xx?l)\b|size|(?:bigger|"
    r"smaller|longer|shorter|larger)|the same|without the|the one|ordered|bought|collect this|mine|"
    r"\d+ ?(?:ml|l|cm|mm|kg|gb|inch))",
    re.I,
)
UNDECIDED = re.compile(
    r"^were (?:the|it|they)\b(?!.*\?)|\b(?:haven't|have not|not) (?:yet )?(?:decided|made up)|"
    r"still (?:deciding|thinking|undecided)|"
    r"can't decide|need to think\b",
    re.I,
)
IDLE = re.compile(
    r"\b(?:only|just) (?:asking|wondering|curious|so (?:that )?i know|out of (?:curiosity|interest))|"
    r"only a question\b",
    re.I,
)
INQUIRES = re.compile(
    r"^(?:returns|refunds|exchanges|cancell?ations) (?:\w+ )?(?:accepted|possible|allowed|free)\b|"
    r"^(?:do|did|must|should|shall) (?:i|we)\b|^why (?:would|should|do)\b|\bdid you\b",
    re.I,
)
DOES = re.compile(rf"\b{DO}", re.I)
INDIRECT = re.compile(
    rf"\b(?:tell|know|explain|inform|advise|understand|clarify|describe|show)\b(?: \w+)? "
    rf"(?:(?:whether|if)\b[^.!?]*\b(?:can|could|may|might|would|possible|allowed)\b[^.!?]*\b{DO}|"
    rf"how (?:to|i can|i could|i would|one) (?:\w+ )?{DO}|"
    rf"what (?:an? |the )?{DO}[^.!?]*\b(?:cost|mean|take|involve)s?\b)"
    rf"|\b(?:tell|know|clarify|advise)\b(?: \w+)? (?:whether|if)\b[^.!?]*\b{DO}[^.!?]*"
    rf"\b(?:possible|allowed|an option)\b",
    re.I,
)
"""Who asks to be told whether or how it can be done asks for words, not for it to be done."""
TOLD = re.compile(
    rf"\b(?:you|they|he|she|someone|somebody|support|assistant|agent) (?:told|asked|advised|urged|wanted) "
    rf"(?:me|us) to (?:\w+ )?{DO}",
    re.I,
)
"""What others told the customer to do."""
BARE = re.compile(
    r"^(?:cancel|refund|return|exchange|swap|replace)\b(?!.*\b(?:please|pls|plz|possible|for)\b)",
    re.I,
)
"""A question without a verb of asking: `Return the lamp?`"""
