export interface RetailCrmEnterpriseOptions {
  number?: string;
  token?: string;
  /** Null: no AMI, webhooks only. */
  amiPort: number | null;
  crmUrl: string;
  user?: { username: string; secret: string };
  apiKey?: string;
  /** RetailCRM's users by id, and their extensions; default: 6 to 8 are 150 to 152. */
  codes?: Readonly<Record<string, string>>;
  /** What is asked of AMI; default as in an import file. */
  eventMask?: string;
  /** Over what is said of the PBX. */
  pbx?: object;
  more?: object;
}

/** An enterprise of the tests, as an import file writes it: extensions 150 to 152, one RetailCRM. */
export function retailCrmEnterprise(options: RetailCrmEnterpriseOptions): object {
  const { number = '0367', token = 'unit-token-0001', amiPort, crmUrl, apiKey = 'key-1' } = options;
  const user = options.user ?? { username: 'crm', secret: 'crm-secret' };
  const { codes = { '6': '150', '7': '151', '8': '152' }, eventMask } = options;
  const inboundContexts = ['from-trunk', 'from-out-office'];
  const pbx = {
    host: '127.0.0.1',
    port: amiPort,
    ...user,
    inboundContexts,
    ...(eventMask ? { eventMask } : {}),
    ...options.pbx,
  };
  return {
    number,
    name: 'Example Ltd',
    token,
    ...(amiPort === null ? {} : { pbx }),
    sources: amiPort === null ? ['webhook'] : ['ami', 'webhook'],
    extensions: [{ number: '150', name: 'Vera', mobile: '+375290000009' }],
    integrations: {
      retailcrm: {
        enabled: true,
        api_url: crmUrl,
        api_key: apiKey,
        user_extensions: codes,
      },
    },
    ...options.more,
  };
}
