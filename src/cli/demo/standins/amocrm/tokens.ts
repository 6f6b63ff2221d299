/** Who may come in: long-lived tokens, and pairs whose refresh token is good for one exchange. */
import { randomBytes } from 'node:crypto';
import type { Grant } from './schemas.js';

export interface Integration {
  clientId: string;
  clientSecret: string;
  redirectUri: string;
}

export interface Rights {
  /** May list users. Default true. */
  admin?: boolean;
  /** Kinds of cards it may not touch. */
  forbidden?: string[];
}

export interface IssuedPair {
  access_token: string;
  refresh_token: string;
}

interface Access {
  rights: Rights;
  endsAt: number;
}

export class Tokens {
  /** Every pair ever issued, in order. */
  readonly issued: IssuedPair[] = [];
  readonly #integration: Integration;
  readonly #lifeMs: number;
  readonly #access = new Map<string, Access>();
  readonly #codes = new Set<string>();
  #refresh = new Set<string>();

  constructor(longLived: Record<string, Rights>, integration: Integration, lifeMs: number) {
    this.#integration = integration;
    this.#lifeMs = lifeMs;
    for (const [token, rights] of Object.entries(longLived)) this.#access.set(token, { rights, endsAt: Infinity });
  }

  rightsOf(token: string, now: number): Rights | null {
    const access = this.#access.get(token);
    return access && access.endsAt > now ? access.rights : null;
  }

  /** A person lets the integration in: what it comes back with, once. */
  code(): string {
    const code = randomBytes(16).toString('hex');
    this.#codes.add(code);
    return code;
  }

  /** A new pair; refresh tokens from before are void. */
  pair(now: number): IssuedPair {
    const claims = { aud: this.#integration.clientId, iat: Math.floor(now / 1_000), exp: (now + this.#lifeMs) / 1_000 };
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const access = [part({ typ: 'JWT' }), part(claims), randomBytes(24).toString('base64url')].join('.');
    const pair = { access_token: access, refresh_token: `def${randomBytes(24).toString('hex')}` };
    this.#access.set(access, { rights: {}, endsAt: now + this.#lifeMs });
    this.#refresh = new Set([pair.refresh_token]);
    this.issued.push(pair);
    return pair;
  }

  /** The access token's time is over. */
  end(accessToken: string): void {
    this.#access.delete(accessToken);
  }

  /** A pair, or what to say instead. */
  exchange(grant: Grant, now: number): IssuedPair | { status: number; hint: string } {
    const { clientId, clientSecret, redirectUri } = this.#integration;
    if (grant.client_id !== clientId || grant.client_secret !== clientSecret)
      return { status: 401, hint: 'Client authentication failed' };
    if (grant.redirect_uri !== redirectUri) return { status: 400, hint: 'Redirect URI does not match' };
    const fresh =
      grant.grant_type === 'refresh_token' ? this.#refresh.delete(grant.refresh_token) : this.#codes.delete(grant.code);
    if (!fresh)
      return grant.grant_type === 'refresh_token'
        ? { status: 401, hint: 'Token has been revoked' }
        : { status: 400, hint: 'Authorization code has expired' };
    return this.pair(now);
  }
}
