int main(void) { return 10; }
