/** The settings of one integration, as its connector's schema and words say. A new connector needs nothing here. */
import { Collapsible } from '@base-ui/react/collapsible';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useLanguage } from '../../i18n/language.js';
import { SettingField } from '../../forms/setting-field.js';
import { Panel } from '../../parts/panel.js';
import { changed, isRequired, isWide, namesOf, schemaOf, valueOf } from './draft.js';
import type { Draft, Form, Group } from './draft.js';
import './settings-form.css';

export interface Faults {
  readonly [name: string]: string | undefined;
}

interface SettingsFormProps {
  form: Form;
  draft: Draft;
  faults: Faults;
  disabled: boolean;
  onChange(draft: Draft): void;
  /** Stands below what it takes to connect. */
  children: ReactNode;
}

export function SettingsForm({ children, ...props }: SettingsFormProps) {
  const { text: t, language } = useLanguage();
  const { form } = props;
  return (
    <>
      <Panel title={t.settings.main}>
        {form.guide[language] !== '' && (
          <details className="guide">
            <summary>{t.settings.howTo}</summary>
            <p>{form.guide[language]}</p>
          </details>
        )}
        <Fields {...props} group="main" />
        {children}
      </Panel>
      <Folded {...props} group="rules" title={t.settings.rules} />
      <Folded {...props} group="more" title={t.settings.more} />
    </>
  );
}

type FieldsProps = Omit<SettingsFormProps, 'children'> & { group: Group };

function Fields({ form, draft, faults, disabled, onChange, group }: FieldsProps) {
  const { language } = useLanguage();
  return (
    <div className="settings-grid">
      {namesOf(form, group).map((name) => {
        const field = form.fields[name];
        if (!field) return null;
        const options = Object.entries(field.options ?? {}).map(([value, words]) => [value, words[language]]);
        return (
          <div key={name} className={isWide(form, name) ? 'settings-wide' : undefined} data-setting={name}>
            <SettingField
              name={name}
              schema={schemaOf(form, name)}
              secret={field.secret}
              label={field.title[language]}
              help={field.help?.[language]}
              options={Object.fromEntries(options) as Record<string, string>}
              required={isRequired(form, name)}
              disabled={disabled}
              error={faults[name]}
              value={valueOf(form, draft, name)}
              onChange={(value) => onChange(changed(form, draft, name, value))}
            />
          </div>
        );
      })}
    </div>
  );
}

/** Closed until somebody opens it, or something in it is wrong. */
function Folded({ title, ...props }: FieldsProps & { title: string }) {
  const { text: t } = useLanguage();
  const [open, setOpen] = useState(false);
  const names = namesOf(props.form, props.group);
  if (names.length === 0) return null;
  const wrong = names.some((name) => props.faults[name] !== undefined);
  return (
    <Collapsible.Root open={open || wrong} onOpenChange={setOpen} className="panel">
      <Collapsible.Trigger className="fold">
        <ChevronRight size={18} aria-hidden className="fold-arrow" />
        <span className="fold-title">{title}</span>
        <span className="quiet small">{t.settings.moreHint(names.length)}</span>
      </Collapsible.Trigger>
      <Collapsible.Panel className="panel-body">
        <Fields {...props} />
      </Collapsible.Panel>
    </Collapsible.Root>
  );
}
