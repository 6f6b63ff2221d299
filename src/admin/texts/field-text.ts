/** What the form of an integration says of a setting, in both languages. English titles are the schema's own. */
export interface Words {
  ru: string;
  en: string;
}

/**
 * `main`: what it takes to connect. `rules`: which calls, whose, which cards. `more`: rarely needed. `kept`: what older pages
 * or the program itself write; not shown in a form.
 */
export type Group = 'main' | 'rules' | 'more' | 'kept';

export interface FieldText {
  group: Group;
  ru: string;
  /** Where to get it, what follows from it. */
  help?: Words;
  /** Names of the choices, by value. */
  options?: Readonly<Record<string, Words>>;
}

export interface ConnectorTexts {
  /** How to connect, step by step. */
  guide: Words;
  /** Settings that say whom we speak to: when one changes, secrets must be given again. */
  address: readonly string[];
  fields: Readonly<Record<string, FieldText>>;
}

export const words = (ru: string, en: string): Words => ({ ru, en });
