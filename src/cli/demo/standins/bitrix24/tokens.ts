/** The authorisation server of one application: every renewal gives a new pair and voids the refresh token it was made with. */
import type { StandInAnswer, StandInRequest } from '../server.js';

export interface Application {
  clientId: string;
  clientSecret: string;
  accessToken: string;
  refreshToken: string;
}

const DEFAULT: Application = {
  clientId: 'local.0000000000000001.00000001',
  clientSecret: 'secret-of-the-application',
  accessToken: 'access-token-0000',
  refreshToken: 'refresh-token-0000',
};

export const APPLICATION_TOKEN = '51856fefc120afa4b628cc82d3935cce';

export class Tokens {
  readonly application: Application;
  endpoint = '';
  /** Pairs given out. */
  renewals = 0;
  #access: string;
  #refresh: string;
  readonly #former = new Set<string>();

  constructor(application: Partial<Application>) {
    this.application = { ...DEFAULT, ...application };
    this.#access = this.application.accessToken;
    this.#refresh = this.application.refreshToken;
  }

  /** The hour is over. */
  expire(): void {
    this.#former.add(this.#access);
    this.#access = '';
  }

  judge(token: string): 'good' | 'expired' | 'unknown' {
    if (token !== '' && token === this.#access) return 'good';
    return this.#former.has(token) ? 'expired' : 'unknown';
  }

  answer({ query }: StandInRequest): StandInAnswer {
    const { clientId, clientSecret } = this.application;
    if (query.get('client_id') !== clientId || query.get('client_secret') !== clientSecret)
      return { status: 400, body: { error: 'invalid_client', error_description: 'Invalid client' } };
    if (query.get('grant_type') !== 'refresh_token' || query.get('refresh_token') !== this.#refresh)
      return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid grant' } };
    return { status: 200, body: { ...this.#pair(), domain: 'oauth.bitrix.info' }, effect: 'tokens renewed' };
  }

  /** The portal installs the application: what its event brings, as a form. */
  installed(): Record<string, string> {
    const auth = { ...this.#pair(), domain: new URL(this.endpoint).host, application_token: APPLICATION_TOKEN };
    return {
      event: 'ONAPPINSTALL',
      event_handler_id: '1',
      'data[VERSION]': '1',
      'data[ACTIVE]': 'Y',
      'data[INSTALLED]': 'Y',
      'data[LANGUAGE_ID]': 'ru',
      ts: String(Math.floor(Date.now() / 1_000)),
      ...Object.fromEntries(Object.entries(auth).map(([name, value]) => [`auth[${name}]`, String(value)])),
    };
  }

  #pair(): Record<string, string | number> {
    this.renewals += 1;
    if (this.#access !== '') this.#former.add(this.#access);
    this.#access = `access-token-${String(this.renewals).padStart(4, '0')}`;
    this.#refresh = `refresh-token-${String(this.renewals).padStart(4, '0')}`;
    return {
      access_token: this.#access,
      refresh_token: this.#refresh,
      expires_in: 3600,
      client_endpoint: this.endpoint,
      server_endpoint: this.endpoint,
      member_id: 'a223c6b3710f85df22e9377d6c4f7553',
      scope: 'crm,telephony,user',
      status: 'L',
    };
  }
}
