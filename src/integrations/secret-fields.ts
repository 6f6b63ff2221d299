/** Which settings are secrets: what a connector says of its own, and what is known of those that are not built in. */
const KNOWN: Record<string, readonly string[]> = {
  retailcrm: ['api_key'],
  bitrix24: [
    'webhook_url',
    'incoming_webhook',
    'webhook_token',
    'application_token',
    'client_secret',
    'access_token',
    'refresh_token',
  ],
  amocrm: ['client_secret', 'access_token', 'refresh_token'],
  telegram: ['bot_token'],
};

/** A key of an integration nobody here knows: by its name. */
const LOOKS_SECRET = /(^|_)(api_?key|token|secret|password|webhook_url|incoming_webhook)$/i;

export interface SecretFields {
  isSecret(type: string, field: string): boolean;
}

/** `declared`: by integration type, the connectors' own `secretFields`. */
export function createSecretFields(declared: Record<string, readonly string[]> = {}): SecretFields {
  return {
    isSecret(type, field) {
      if (declared[type]?.includes(field) || KNOWN[type]?.includes(field)) return true;
      return declared[type] === undefined && KNOWN[type] === undefined && LOOKS_SECRET.test(field);
    },
  };
}
