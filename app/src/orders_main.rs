fn main() {
    app::orders::start();
}
