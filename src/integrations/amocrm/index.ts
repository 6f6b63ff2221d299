import { defineConnector } from '../contract.js';
import type { Connection, ConnectionDeps } from '../contract.js';
import { peopleOf } from '../people.js';
import type { People } from '../people.js';
import { searchCards } from './cards.js';
import { createClient } from './client.js';
import { deliver, plan } from './deliver.js';
import { howToLetIn, letIn } from './let-in.js';
import { check, listUsers } from './lookup.js';
import { createOAuth } from './oauth.js';
import { findResponsible } from './owner.js';
import { paceOf } from './pace.js';
import { phoneOf } from './requests.js';
import type { Context } from './requests.js';
import { settingsSchema } from './settings.js';
import type { AmoCrmSettings } from './settings.js';
import { createTokens } from './tokens.js';

/** Of the 7 a second amoCRM allows; the rest is for what else its people have running. */
const RATE = { perSecond: 5, burst: 2 };

export const amocrm = defineConnector({
  id: 'amocrm',
  title: 'amoCRM',
  settings: settingsSchema,
  example: { enabled: true, subdomain: 'example', access_token: 'example' },
  secretFields: ['access_token', 'refresh_token', 'client_secret'],
  rate: RATE,
  // The account, whoever of ours asks: its limits do not tell our tokens apart.
  limitKey: ({ origin }) => new URL(origin).host,
  plan,
  connect,
});

function connect(settings: AmoCrmSettings, deps: ConnectionDeps): Connection {
  const { http, log, publicUrl } = deps;
  const pace = paceOf(settings.origin, settings.rate?.perSecond ?? RATE.perSecond);
  const oauth = createOAuth(settings, { http, pace, publicUrl });
  const tokens = createTokens(settings, { oauth, keep: deps.keepSecrets ?? null, log });
  const client = createClient(settings, { http, pace, tokens });
  const users = () => deps.crmUsers?.() ?? [];
  const hasLeft = (id: string) => users().find((user) => user.id === id)?.active === false;

  /** Whoever is switched off in amoCRM is refused there, so he is nobody, whatever the settings say. */
  function people(): People {
    const known = peopleOf(settings.user_extensions, users(), (mobile) => deps.extensionOfMobile?.(mobile) ?? null);
    return {
      ...known,
      userOf(party) {
        const id = known.userOf(party);
        return id === null || hasLeft(id) ? null : id;
      },
      extensionOf: (id) => (hasLeft(id) ? null : known.extensionOf(id)),
    };
  }

  const context = (): Context => ({
    settings,
    people: people(),
    nameOfUser: (id) => users().find((user) => user.id === id)?.name ?? null,
    hasLeft,
    lastTalked: async (phone) => (await deps.lastTalked?.(phone)) ?? null,
  });

  return {
    deliver: (job, attempt) =>
      deliver(job, attempt, {
        client,
        context: context(),
        createOnce: deps.createOnce,
        problem: () => tokens.problem(),
      }),
    check: (signal) => check(client, settings, tokens, signal),
    credentialsEnd() {
      const problem = tokens.problem();
      if (problem !== null) return { at: null, why: problem };
      const at = settings.refresh_token === null ? tokens.expiresAt() : null;
      return at === null ? null : { at, why: 'make a new long-lived token' };
    },
    users: (signal) => listUsers(client, settings, signal),
    async findResponsible(number, signal) {
      const phone = phoneOf(number);
      if (phone === null) return null;
      const how = { signal, urgency: 'now' } as const;
      return findResponsible(client, searchCards(client, phone, how), settings, people(), how);
    },
    howToLetIn: (state) => howToLetIn(settings, state),
    // The signal is not passed on: a code is good once, and so is the answer to it.
    letIn: (told) => letIn(told, settings, { oauth, tokens }),
    // Sockets belong to `http` and attempts to their signals; a pair that is being exchanged is let through and stored.
    close: () => tokens.settled(),
  };
}
