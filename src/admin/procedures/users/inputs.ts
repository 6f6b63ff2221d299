import { z } from 'zod';

const name = z.string().max(200);
const password = z.string().max(1_000);

export const accountInput = z.object({ login: z.string().max(100), name: name.default(''), password });
export const idInput = z.object({ id: z.string().regex(/^\d{1,19}$/) });
export const changeInput = idInput.extend({ name, disabled: z.boolean() });
export const passwordInput = idInput.extend({ password });
