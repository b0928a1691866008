import { defineConfig } from 'vite';

// The port is part of PUBLIC_BASE_URL. With `strictPort`, Vite does not use another one.
export default defineConfig({
  server: { port: 5173, strictPort: true, proxy: { '/api': 'http://localhost:7071' } },
});
