/** The page's entry: the words of one language first, so that nothing is drawn twice. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { loadWords, preferredLanguage } from './i18n/language.js';
import { applyTheme, chosenTheme } from './platform/theme.js';
import './styles/tokens.css';
import './styles/base.css';

applyTheme(chosenTheme());
const language = preferredLanguage();
const text = await loadWords(language);
const root = document.getElementById('root');
if (!root) throw new Error('the document has no root');
createRoot(root).render(
  <StrictMode>
    <App first={{ language, text }} />
  </StrictMode>,
);
