/**
 * The page's entry. Who is here, the words of one language and the page the address names, or what it shows, are asked for at
 * once; nothing is drawn before the words and the page are there, so nothing is drawn twice.
 */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { loadWords, preferredLanguage } from './i18n/language.js';
import { preparePage } from './pages/index.js';
import { applyTheme, chosenTheme } from './platform/theme.js';
import { askWhoIsHere } from './session.js';
import './styles/tokens.css';
import './styles/base.css';

applyTheme(chosenTheme());
askWhoIsHere();
const page = preparePage();
const language = preferredLanguage();

async function draw(): Promise<void> {
  const text = await loadWords(language);
  await page;
  const root = document.getElementById('root');
  if (!root) throw new Error('the document has no root');
  createRoot(root).render(
    <StrictMode>
      <App first={{ language, text }} />
    </StrictMode>,
  );
}

// Not awaited here: a page's script may not run before this one has, on whose modules it stands.
void draw();
