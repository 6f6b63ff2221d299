/** Settings of click-to-call as they run; `config/click-to-call.ts` says what each is. */
export interface ClickSettings {
  enabled: boolean;
  channel: string | null;
  context: string | null;
  dial: string;
  ringSeconds: number;
  perMinute: { extension: number; enterprise: number };
}
