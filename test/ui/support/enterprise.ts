/** An enterprise of the page's tests, with the simulated PBX or without one, and no CRM unless told. */
export function uiEnterprise(number: string, pbxPort: number | null, more: object = {}): object {
  return {
    number,
    name: `Example ${number}`,
    token: `unit-token-${number}`,
    ...(pbxPort === null
      ? { sources: ['webhook'] }
      : {
          pbx: { host: '127.0.0.1', port: pbxPort, username: 'crm', secret: 'crm-secret' },
          inboundContexts: ['from-trunk'],
        }),
    extensions: [
      { number: '151', name: 'Ann' },
      { number: '152', name: 'Boris' },
      { number: '153', name: 'Vera' },
      { number: '154', name: 'Dina' },
    ],
    ...more,
  };
}

/** RetailCRM as the site's stand-in takes it, its users mapped. */
export function retailCrmOn(url: string): object {
  return {
    enabled: true,
    api_url: url,
    api_key: 'key-for-everything-1',
    user_extensions: { '7': '151', '8': '152', '9': '150' },
  };
}
