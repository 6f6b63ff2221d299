/**
 * A secret is never shown: of one that is kept the server tells its last signs at most. It stays as it is until somebody
 * presses "replace" and writes another.
 */
import { Field } from '@base-ui/react/field';
import { useState } from 'react';
import { Eye, EyeOff } from 'lucide-react';
import { useText } from '../i18n/language.js';
import { Button, IconButton } from '../parts/button.js';
import { FieldBox } from '../parts/fields.js';
import type { FieldFrame } from '../parts/fields.js';

const DOTS = '••••';

export const isKept = (value: unknown) => typeof value === 'string' && value.startsWith(DOTS);

export function SecretField({
  name,
  value,
  onChange,
  ...frame
}: FieldFrame & { name: string; value: unknown; onChange(value: unknown): void }) {
  const t = useText();
  const [kept] = useState(isKept(value) ? value : null);
  const [visible, setVisible] = useState(false);
  if (isKept(value))
    return (
      <FieldBox {...frame}>
        <div className="secret-line">
          <output className="secret-kept" title={t.settings.secretKept}>
            {String(value)}
          </output>
          <Button small aria-label={`${t.settings.secretChange}: ${frame.label}`} onClick={() => onChange('')}>
            {t.settings.secretChange}
          </Button>
        </div>
      </FieldBox>
    );
  return (
    <FieldBox {...frame}>
      <div className="secret-line">
        <Field.Control
          className="input"
          type={visible ? 'text' : 'password'}
          name={name}
          autoComplete="new-password"
          spellCheck={false}
          value={typeof value === 'string' ? value : ''}
          aria-required={frame.required || undefined}
          onValueChange={(text) => onChange(text.trim())}
        />
        <IconButton
          label={visible ? t.settings.secretHide : t.settings.secretShow}
          aria-pressed={visible}
          onClick={() => setVisible(!visible)}
        >
          {visible ? <EyeOff size={18} aria-hidden /> : <Eye size={18} aria-hidden />}
        </IconButton>
        {kept !== null && (
          <Button small look="quiet" onClick={() => onChange(kept)}>
            {t.settings.secretKeep}
          </Button>
        )}
      </div>
    </FieldBox>
  );
}
