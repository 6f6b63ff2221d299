import { useState } from 'react';
import { Monitor, Moon, Sun } from 'lucide-react';
import { useLanguage } from '../i18n/language.js';
import { IconButton } from '../parts/button.js';
import { applyTheme, chosenTheme } from '../platform/theme.js';
import type { Theme } from '../platform/theme.js';
import './language-and-theme.css';

const NEXT: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
const PICTURES = { auto: Monitor, light: Sun, dark: Moon } as const;

export function LanguageAndTheme() {
  const { language, text: t, choose } = useLanguage();
  const [theme, setTheme] = useState(chosenTheme);
  const Picture = PICTURES[theme];
  const other = language === 'ru' ? 'en' : 'ru';
  return (
    <div className="language-and-theme">
      <button
        type="button"
        className="language"
        lang={other}
        onClick={() => choose(other)}
        aria-label={other === 'en' ? 'Switch to English' : 'Переключить на русский'}
      >
        {other === 'en' ? 'English' : 'Русский'}
      </button>
      <IconButton
        label={`${t.theme.label}: ${t.theme[theme]}`}
        onClick={() => {
          applyTheme(NEXT[theme]);
          setTheme(NEXT[theme]);
        }}
      >
        <Picture size={18} aria-hidden />
      </IconButton>
    </div>
  );
}
