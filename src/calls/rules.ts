/**
 * What the tracker and delivery conclude about a call, each under the name it is noted by. docs/why.md has the same list.
 * A leaf, like vocabulary.ts.
 */
export const RULES = {
  // Which call a channel belongs to.
  opened: 'a channel of no known call began it',
  joined: 'a channel belongs to it',
  merged: 'another call was found to be a part of it',
  'kept-apart': 'another call shares a bridge with it and stays one of its own',
  'uid-again': 'an earlier call had the unique id of one of its channels: ids have begun again',
  'found-by-snapshot': 'the PBX shows a channel that began while no link was up',

  // Whose call it is, from where and to whom.
  claimed: 'the enterprise is known',
  'unclaimed-call': 'no enterprise of this PBX, or more than one, claims it',
  'came-in': 'its first channel is a trunk’s and nobody here dialled it: incoming',
  'placed-by-pbx': 'the PBX itself called the outside first: outgoing',
  'dialled-out': 'staff dialled a trunk: outgoing',
  'dialled-staff': 'staff dialled staff: internal',
  'dialled-unheard': 'whom it dialled fell into a time without a link; the number its phone dialled tells',
  'own-mobile': 'who calls in is a colleague on his mobile: internal',
  'direction-posted': 'a post says where it goes',
  'line-read': 'the line is known',
  'client-read': 'the client’s number is known',
  'client-unreadable': 'what stands for the client’s number is none; it is kept as it is',
  'client-withheld': 'nothing tells the client’s number',

  // What is told while it lasts.
  announced: 'enterprise and direction are known, so it is told',
  'caught-up': 'it happened before the call could be told',
  rang: 'phones ring for the client',
  'ring-complete': 'every phone dialled by now rings',
  'ring-collected': 'phones that began to ring together are not waited for any longer',
  'rang-out': 'the client of an outgoing call is dialled',
  'dial-posted': 'a post says who is dialled',
  'first-talk': 'the client shares a bridge with staff for the first time',
  'answer-posted': 'the post of the hang-up says it was answered, and no bridge was posted',
  'moved-in-gap': 'a channel of it stands otherwise than when the link was lost',
  'answered-in-gap': 'the answer fell into a time without a link and is dated with the snapshot',
  'read-again': 'what was told later shows that the client had talked with staff',
  'agent-named': 'no bridge told who talked; the post of the hang-up names him',
  'stand-in': 'nobody is in a bridge alone: the post of the other half was lost',
  'was-there': 'a channel leaves a bridge: it was in it, though no post told that it came',
  talk: 'staff talks with the client',
  'talk-over': 'nobody talks with the client',
  held: 'the client was on hold',
  'not-held': 'what looked like a hold was the first half of a transfer',

  // Transfers.
  'transfer-made': 'the PBX says that the client was transferred',
  consulted: 'who talked with the client asks a colleague: a transfer, should it come to that',
  'sent-on': 'a phone is called for the client while nobody talks with him: a blind transfer',
  'moved-on': 'somebody new talks with the client and no transfer was told: a blind one',
  'lost-on-transfer': 'the client’s hang-up was posted from a transfer: that one reached nobody',
  'transfer-reached': 'the client talked with whom he was transferred to',
  'transfer-failed': 'the transfer came to nothing',

  // How it ended.
  'hangup-asked': 'its last channel hung up; the PBX is asked whether that is true',
  'hangup-refuted': 'the PBX still has a channel whose hang-up was told: that was forged',
  'last-hangup': 'its last channel hung up',
  'hangup-confirmed': 'the PBX says that its channels are gone',
  'hangup-unconfirmed': 'its last channel hung up, and the PBX did not answer in time whether that is true',
  'only-hangup-seen': 'nothing but the end of its first channel was told',
  'gone-in-gap': 'its channels went while no link was up',
  'pbx-restarted': 'the PBX was restarted',
  'hangup-posted': 'the hang-up of its first channel, or of its client, was posted',
  'timed-out': 'nothing was told of it any more',
  talked: 'the client talked with staff: answered',
  'gave-up': 'the client hung up while it rang: abandoned',
  'caller-gave-up': 'the colleague who called hung up while it rang: missed',
  'nothing-rang': 'the client hung up before anything rang: abandoned',
  'not-answered': 'a phone rang and nobody answered: missed',
  'all-busy': 'every phone was busy: busy',
  'not-reached': 'nothing that was dialled could be reached: failed',
  'told-nobody': 'it ended before there was anything to tell',

  // Facts that changed nothing.
  'late-fact': 'about a call that had ended',
  'contradicting-fact': 'contradicts what is known of this call: forged, or broken',
  'duplicate-webhook': 'the same post again',
  'webhook-not-a-source': 'a post, and the enterprise has its calls from AMI alone',
  'webhook-of-another-enterprise': 'posted with the token of another enterprise',

  // What integrations are owed.
  owed: 'an integration is owed this',
  'not-owed': 'an integration is owed nothing',
} as const;

export type Rule = keyof typeof RULES;

/** One conclusion. Plain JSON. */
export interface Note {
  /** Id of the call. */
  call: string;
  rule: Rule;
  /** When it was so, on the PBX's clock. */
  at: number;
  /** Our clock when the fact came that led to it. */
  arrivedAt: number;
  /** Kind of that fact (of the fleet's own events the event's name), and the channel it is kept under. */
  by: string;
  uid: string;
  detail: Detail;
}

export type Detail = Readonly<Record<string, unknown>>;
