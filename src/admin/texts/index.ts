import { amocrmTexts } from './amocrm.js';
import { bitrix24Texts } from './bitrix24.js';
import type { ConnectorTexts } from './field-text.js';
import { words } from './field-text.js';
import { retailcrmTexts } from './retailcrm.js';
import { telegramTexts } from './telegram.js';

const texts: Readonly<Record<string, ConnectorTexts>> = {
  retailcrm: retailcrmTexts,
  bitrix24: bitrix24Texts,
  amocrm: amocrmTexts,
  telegram: telegramTexts,
};

/** A connector nobody has written texts for shows its schema's own. */
export function textsOf(type: string): ConnectorTexts {
  return texts[type] ?? { guide: words('', ''), address: [], fields: {} };
}
