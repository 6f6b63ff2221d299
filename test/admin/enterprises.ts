/** An enterprise whose PBX is somewhere else: what an administrator sees needs none. */
export function enterpriseEntryOf(number: string, more: object = {}): object {
  return {
    number,
    name: `Example ${number}`,
    token: `unit-token-${number}`,
    mode: 'on',
    extensions: [
      { number: '151', name: 'Ann' },
      { number: '152', name: 'Bob' },
    ],
    integrations: {
      retailcrm: { enabled: true, api_url: 'http://127.0.0.1:9', api_key: `key-of-${number}-abcdef` },
    },
    ...more,
  };
}
