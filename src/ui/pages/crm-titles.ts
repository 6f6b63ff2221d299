/** Names of CRMs by their key, where a list tells only that. */
export const CRM_TITLES: Readonly<Record<string, string | undefined>> = {
  retailcrm: 'RetailCRM',
  bitrix24: 'Битрикс24',
  amocrm: 'amoCRM',
  telegram: 'Telegram',
};
