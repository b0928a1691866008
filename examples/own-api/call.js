const { createClient } = await import('/api/auth/client.js');
const response = await createClient().fetch('/api/orders/orders/A-1');
document.body.textContent = await response.text();
