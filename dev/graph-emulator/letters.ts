/** A letter before it lies in somebody's mailbox; `{name}` becomes the reader's given name. */
export interface Letter {
  readonly from: readonly [name: string, address: string];
  readonly subject: string;
  readonly text: string;
}

const olga = ['Olga Okafor', 'olga.okafor@contoso.example'] as const;
const sam = ['Sam Singh', 'sam.singh@contoso.example'] as const;
const lena = ['Lena Lindqvist', 'lena@northwind.example'] as const;
const theo = ['Theo Tanaka', 'theo.tanaka@contoso.example'] as const;
const payroll = ['Payroll', 'payroll@contoso.example'] as const;
const builds = ['Build service', 'builds@contoso.example'] as const;
const travel = ['Travel desk', 'travel@contoso.example'] as const;
const facilities = ['Facilities', 'facilities@contoso.example'] as const;
const priya = ['Priya Patel', 'priya@adventure-works.example'] as const;
const library = ['City Library', 'notices@library.example'] as const;

/** Newest first. Enough for several pages of ten. */
export const letters: readonly Letter[] = [
  {
    from: olga,
    subject: 'Agenda for Thursday',
    text: 'Hi {name}, I moved the roadmap to the top, so that we decide it while everybody is awake. Anything to add?',
  },
  {
    from: builds,
    subject: 'Build 4127 passed',
    text: 'All 1,204 tests passed in 6 min 12 s. Two of them were slower than last week.',
  },
  {
    from: lena,
    subject: 'Re: Contract renewal',
    text: 'Thank you {name}, that works for us. Our lawyers ask for one more change in section 4; see the marked copy.',
  },
  {
    from: theo,
    subject: 'Whiteboard photo from this morning',
    text: 'Before somebody wipes it off. The arrow on the left should point the other way.',
  },
  {
    from: payroll,
    subject: 'Your payslip for November',
    text: 'Your payslip is ready in the portal. Nobody will ever ask you for it by mail.',
  },
  {
    from: sam,
    subject: 'Can you cover my on-call on Saturday?',
    text: 'My sister is moving house. I would take your Tuesday in return, {name}.',
  },
  {
    from: travel,
    subject: 'Your trip to Lyon: tickets',
    text: 'Outbound 07:52, return 18:04 on the next day. Seats are together. Please check the names.',
  },
  {
    from: olga,
    subject: 'Notes from the customer call',
    text: 'Three wishes, in their words: fewer clicks, clearer errors, and the export by Friday.',
  },
  {
    from: facilities,
    subject: 'The lift in building 2 is being serviced',
    text: 'From 9 to 12 tomorrow. The goods lift stays open for those who need it.',
  },
  {
    from: priya,
    subject: 'Demo next week?',
    text: 'Hello {name}, our board would like to see the new reports. Would Wednesday at ten suit you?',
  },
  {
    from: sam,
    subject: 'Re: Can you cover my on-call on Saturday?',
    text: 'You are a star. I have changed the rota.',
  },
  {
    from: builds,
    subject: 'Build 4119 failed',
    text: 'One test failed: "keeps the order of letters with equal dates". It passed on the second run.',
  },
  { from: theo, subject: 'Lunch?', text: 'The noodle place is open again. 12:30 at the door?' },
  {
    from: library,
    subject: 'A book you reserved has arrived',
    text: '"The Design of Everyday Things" is waiting for you until the end of the week.',
  },
  {
    from: olga,
    subject: 'Draft of the quarterly letter',
    text: 'Please read it as a customer would, {name}. Where did you stop reading?',
  },
  {
    from: lena,
    subject: 'Contract renewal',
    text: 'Hello {name}, our contract ends with the year. We would like to renew it on the same terms for two years.',
  },
  {
    from: payroll,
    subject: 'Public holidays next year',
    text: 'The calendar is updated. Carry over up to five days by the end of January.',
  },
  {
    from: facilities,
    subject: 'Fire drill on Monday',
    text: 'At a time we do not tell you. Leave the coffee, take the stairs.',
  },
  {
    from: priya,
    subject: 'Thank you',
    text: 'The workshop was just what the team needed. Two of them are already rewriting the import.',
  },
  {
    from: sam,
    subject: 'Post-mortem: slow mornings',
    text: 'Short version: everybody signs in at nine, and the cache was cold. Long version in the document.',
  },
  {
    from: theo,
    subject: 'Question about the retry rules',
    text: 'When the answer says "wait 30 seconds", do we wait in the worker or tell the browser? I think the latter.',
  },
  {
    from: builds,
    subject: 'Weekly report: dependencies',
    text: 'Four updates are waiting. None of them mentions a security fix.',
  },
  {
    from: olga,
    subject: 'Welcome our new colleague',
    text: 'Noor starts on the first. Please say hello, {name}; she sits next to the window.',
  },
  {
    from: travel,
    subject: 'Change of the travel policy',
    text: 'Trains are now preferred for journeys under six hours. Seat reservations are included.',
  },
  {
    from: lena,
    subject: 'Address of the new office',
    text: 'From March you find us above the bakery. Visitors get a bun.',
  },
  {
    from: facilities,
    subject: 'Lost and found',
    text: 'One umbrella, green; one charger; a single glove. Ask at the reception.',
  },
  {
    from: sam,
    subject: 'Rota for December',
    text: 'Swaps are marked in yellow. Tell me by Wednesday if I got it wrong.',
  },
  {
    from: priya,
    subject: 'Numbers for the case study',
    text: 'Sign-in problems went from 31 a week to 4. You may quote us, {name}.',
  },
  {
    from: theo,
    subject: 'Re: Whiteboard',
    text: 'The arrow is right now. I added the failure paths in red.',
  },
  {
    from: library,
    subject: 'Your loan is due soon',
    text: 'Two books are due in three days. You can renew them once.',
  },
  {
    from: olga,
    subject: 'Interview on Friday: your questions',
    text: 'I take the system design part. Could you ask about testing, {name}?',
  },
  {
    from: payroll,
    subject: 'Please confirm your address',
    text: 'Look at your profile in the portal before the end of the month.',
  },
  { from: builds, subject: 'Build 4088 passed', text: 'All 1,187 tests passed in 6 min 40 s.' },
  {
    from: sam,
    subject: 'Keys rotated',
    text: 'The old ones stay valid until Monday, then they are gone. Nothing should notice.',
  },
  {
    from: facilities,
    subject: 'Plants',
    text: 'Somebody waters the plants twice. They are grateful, but please stop.',
  },
  {
    from: theo,
    subject: 'First draft of the diagram',
    text: 'Hi {name}, boxes first, arrows tomorrow. Does the order make sense to you?',
  },
];
