"""Made-up bases for the tests of everything above the facts.

`COAST` has a fact of every kind and state, `NORTH` shares ids with it and says "Quillfeather" in everything
that only it may show, `LONE` has one fact and `BARE` none.
"""

from __future__ import annotations

COAST = {
    "coast/dossier.yaml": """
id: coast
title: Ferries on the coast
topics:
  - {id: licences, title: Licences, also: [permits]}
  - {id: people, title: People}
  - {id: fleet, title: The fleet}
judgements:
  - text: The audit is likely to be late.
    based_on: [audit-order, chief]
    confidence: moderate
    added: 2020-01-01
    likelihood: likely
    topics: [licences]
  - {text: Dredging decides the timetable., based_on: [dredging], confidence: low, added: 2025-02-05}
  - {text: The number of licences is stable., based_on: [old-count], confidence: high, added: 2020-01-01}
""",
    "coast/sources.yaml": """
- id: herald
  title: Ministry orders a review of ferry licences
  publisher: Morning Herald
  origin: national-wire
  published: 2024-03-05
  url: https://herald.example/ferries?page=2
  reliability: B
  descriptor: Regional daily, rewrites wire copy
  paragraphs: 14
  archive: morning-herald.txt
- id: gazette
  title: Review of ferry licences appears
  publisher: Port Gazette
  published: {date: 2024-07~, inferred: names the review of the week before}
  reliability: C
  descriptor: Weekly paper of the port
- id: courier
  title: What became of the licences
  publisher: Harbour Courier
  origin: harbour-courier
  published: 2024-09-20
  reliability: B
  descriptor: Weekly magazine
- {id: leaflet, title: Notes from the pier, descriptor: Unsigned leaflet}
- id: yearbook
  title: Yearbook of the coast
  publisher: Coast Society
  published: 2025-02-01
  reliability: A
  descriptor: Annual of a learned society
""",
    "coast/entities.yaml": """
- {id: ministry, kind: organisation, name: Ministry of Transport, also: [Transport Ministry]}
- {id: harbour-line, kind: organisation, name: Harbour Line, also: [Hafenlinie]}
- {id: national-wire, kind: organisation, name: National Wire}
- {id: harbour-courier, kind: organisation, name: Harbour Courier}
- id: okafor
  kind: person
  name: Ada Okafor
  also: [A. Okafor, Ада Окафор, 奥卡福]
  not: [ben-okafor]
  roles:
    - {role: chief executive, of: harbour-line, from: 2019, to: .., facts: [chief]}
    - {role: dredging adviser, of: ministry, facts: [dredging]}
  wikidata: Q42
- {id: ben-okafor, kind: person, name: Ben Okafor, not: [okafor]}
""",
    "coast/facts/licences.yaml": """
- id: review-order
  kind: order
  text: The Ministry of Transport ordered a review of all ferry licences.
  about: [ministry, harbour-line]
  topics: [licences]
  date: 2024-03-04
  due: 2024-06
  due_as_written: by June
  duty: report on the review
  owed_by: [okafor]
  said: {by: ministry, cue: ordered, to: [harbour-line], when: 2024-03-04, via: [national-wire]}
  sources: [{ref: herald, p: 2, hash: 9f61890296efb042}]
  credibility: 2
  weight: 5
  added: 2024-03-06
- id: review-published
  kind: event
  text: The ministry published its review.
  about: [ministry]
  topics: [licences]
  date: 2024-07-01~
  sources: [{ref: gazette, p: 1, hash: 3333333333333333}]
  outcome_of: [review-order]
  added: 2024-08-01
- id: audit-order
  kind: order
  text: The ministry will audit the ferry fund.
  about: [ministry]
  topics: [licences]
  due: 2024-12-31
  duty: audit the ferry fund
  owed_by: [ministry]
  sources: [{ref: herald, p: 3, hash: 0123456789abcdee}]
  review_by: 2024-12
  weight: 4
  added: 2024-03-06
- id: old-count
  kind: metric
  text: Twenty-nine licences are in use.
  about: [ministry]
  topics: [licences]
  value: {of: licences in use, low: 28.5, high: 30, unit: licences}
  sources: [{ref: herald, p: 4, hash: 0123456789abcdef}]
  added: 2024-03-06
- id: new-count
  kind: metric
  text: Thirty-one of eighty-three licences are in use.
  about: [ministry]
  topics: [licences]
  date: 2024-09
  value: {of: licences in use, number: 31, out_of: 83}
  said: {by: {unnamed: a former official}}
  sources: [{ref: courier, p: 1, hash: 4444444444444444}]
  credibility: 3
  supersedes: [old-count]
  added: 2024-09-21
- id: fares-rise
  kind: claim
  text: Fares will rise next year.
  about: [ministry]
  topics: [licences]
  said: {by: ministry}
  sources: [{ref: herald, p: 5, hash: 5555555555555555}]
  added: 2024-03-06
- id: fares-denial
  kind: claim
  text: Ada Okafor denies that fares will rise.
  about: [okafor]
  topics: [licences, people]
  said: {by: okafor, cue: denied, when: 2024-09-18}
  sources: [{ref: courier, p: 2, hash: 6666666666666666}]
  disputes: [fares-rise]
  added: 2024-09-21
""",
    "coast/facts/people.yaml": """
- id: chief
  kind: role
  text: Ada Okafor leads Harbour Line.
  about: [okafor, harbour-line]
  topics: [people]
  date: 2019/..
  sources:
    - {ref: herald, p: 6, hash: 1111111111111111}
    - {ref: courier, p: 3, hash: 7777777777777777}
  credibility: 2
  reviewed: {by: the desk, on: 2024-10-02}
  added: 2024-03-06
- id: no-need
  kind: claim
  text: Ada Okafor doubts that a review is needed.
  quote: We see no need
  about: [okafor]
  topics: [people]
  said: {by: okafor, when: {date: 2024-03-04, inferred: the paper says Monday}}
  sources: [{ref: herald, p: 7, hash: 2222222222222222}]
  retracted: {on: 2024-10-01, why: The paper withdrew the quotation., source: courier}
  added: 2024-03-06
- id: pier-talk
  kind: claim
  text: Ben Okafor calls the timetable unsafe.
  about: [ben-okafor]
  topics: [people]
  said: {by: ben-okafor, when: 2024-05-02}
  sources: [{ref: leaflet, p: 1, hash: 8888888888888888}]
  added: 2024-06-01
""",
    "coast/facts/fleet.yaml": """
- id: hulls
  kind: definition
  text: Harbour Line is a ferry company with nine hulls.
  about: [harbour-line]
  topics: [fleet]
  sources: [{ref: herald, p: 8, hash: 9999999999999999}]
  added: 2024-03-06
- id: collision
  kind: event
  text: Two ferries collided off the pier.
  about: [harbour-line]
  topics: [fleet]
  date: 2024-05-03
  sources: [{ref: leaflet, p: 2, hash: aaaaaaaaaaaaaaaa}]
  added: 2024-06-01
- id: rust
  kind: claim
  text: The hulls are rusty.
  about: [harbour-line]
  topics: [fleet]
  sources: [{ref: leaflet, p: 3, hash: bbbbbbbbbbbbbbbb}]
  added: 2024-06-01
- id: new-pier
  kind: plan
  text: A new pier is to open.
  about: [harbour-line]
  topics: [fleet]
  date: 2026-05
  due: 2026-05/2026-06
  duty: open the pier
  owed_by: [harbour-line]
  sources: [{ref: courier, p: 4, hash: cccccccccccccccc}]
  added: 2024-09-21
- id: dredging
  kind: plan
  text: Dredging begins in spring.
  about: [ministry, okafor]
  topics: [fleet]
  due: 2025-06
  duty: dredge the channel
  owed_by: [okafor]
  said: {by: okafor, when: 2025-01-15}
  sources: [{ref: yearbook, p: 1, hash: dddddddddddddddd}]
  added: 2025-02-03
""",
}

NORTH = {
    "north/dossier.yaml": """
id: north
title: Quillfeather and the north
topics:
  - {id: licences, title: Quillfeather licences}
  - {id: quills, title: Quillfeather matters}
judgements:
  - {text: Quillfeather decides everything., based_on: [review-order], confidence: low, added: 2020-01-01}
""",
    "north/sources.yaml": """
- id: herald
  title: Quillfeather in the north
  publisher: Northern Quillfeather
  published: 2024-01-01
  descriptor: A Quillfeather paper
- {id: quill-times, title: Quillfeather Times, descriptor: Quillfeather monthly, published: 2024-02-02}
""",
    "north/entities.yaml": """
- {id: harbour-line, kind: organisation, name: Harbour Line, also: [Quillfeather Line]}
- {id: quillfeather, kind: person, name: Quentin Quillfeather, also: [Квентин Квиллфезер]}
""",
    "north/facts/quills.yaml": """
- id: review-order
  kind: order
  text: Quillfeather ordered lanterns from Harbour Line.
  about: [quillfeather, harbour-line]
  topics: [quills, licences]
  date: 2024-01-01
  due: 2024-02
  duty: light the Quillfeather lanterns
  owed_by: [quillfeather]
  sources: [{ref: herald, p: 1, hash: eeeeeeeeeeeeeeee}]
  weight: 5
  added: 2024-01-02
- id: quillfeather-talk
  kind: claim
  text: Quillfeather praises zeppelins.
  about: [quillfeather]
  topics: [quills]
  said: {by: quillfeather, when: 2024-02-01}
  sources: [{ref: quill-times, p: 1, hash: ffffffffffffffff}]
  added: 2025-03-09
""",
}

LONE = {
    "lone/dossier.yaml": "{id: lone, title: One fact, topics: [{id: all, title: All of it}]}",
    "lone/sources.yaml": "- {id: note, title: A note, descriptor: Handwritten}",
    "lone/entities.yaml": "- {id: lighthouse, kind: place, name: Lighthouse}",
    "lone/facts/one.yaml": """
- id: lit
  kind: event
  text: The lighthouse was lit.
  about: [lighthouse]
  topics: [all]
  sources: [{ref: note, p: 1, hash: 0000000000000000}]
  added: 2024-03-06
""",
}

BARE = {
    "bare/dossier.yaml": "{id: bare, title: Nothing yet}",
    "bare/sources.yaml": "[]",
    "bare/entities.yaml": "[]",
}
