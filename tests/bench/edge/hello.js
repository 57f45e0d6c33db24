// The least that a Worker in JavaScript can answer.
export default {
  fetch() {
    return new Response("Hello from the edge!");
  },
};
