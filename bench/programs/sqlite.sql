-- An in-memory database of orders: inserts, indexes, joins, grouping, text, updates and deletes.
-- Only arithmetic makes the data, so that it is the same in every run.
.bail on
PRAGMA temp_store = memory;

CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL, note TEXT);
CREATE TABLE purchase (
  id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, item TEXT NOT NULL, amount INTEGER NOT NULL, day INTEGER NOT NULL);

WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000)
INSERT INTO customer
SELECT n, printf('customer %06d', (n * 7919) % 20011), printf('city %03d', (n * 104729) % 211),
       substr('the quick brown fox jumps over the lazy dog and runs far away from here', 1 + n % 40, n % 30)
FROM number;

WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 120000)
INSERT INTO purchase
SELECT n, 1 + (n * 48271) % 20000, printf('item %05d of the catalogue', (n * 69621) % 3001), (n * 16807) % 9973, n % 365
FROM number;

CREATE INDEX purchase_by_customer ON purchase (customer, day);
CREATE INDEX purchase_by_item ON purchase (item);
CREATE INDEX customer_by_city ON customer (city, name);

SELECT 'cities', count(*), sum(total) FROM (
  SELECT c.city, sum(p.amount) AS total FROM customer c JOIN purchase p ON p.customer = c.id GROUP BY c.city);
SELECT 'items', item, count(*), sum(amount) FROM purchase GROUP BY item ORDER BY 4 DESC, 2 LIMIT 5;
SELECT 'names', count(DISTINCT name || ' of ' || city), max(length(note)) FROM customer;
SELECT 'sorted', sum(place * amount) % 1000003 FROM (
  SELECT amount, row_number() OVER (ORDER BY item DESC, amount, id) AS place FROM purchase);
SELECT 'joined', length(group_concat(text, '; ')) FROM (
  SELECT c.name || ': ' || p.item AS text FROM purchase p JOIN customer c ON c.id = p.customer WHERE p.day % 7 = 3);
SELECT 'json', sum(length(document)) FROM (
  SELECT json_object('name', c.name, 'items', json_group_array(p.item)) AS document
  FROM customer c JOIN purchase p ON p.customer = c.id GROUP BY c.id);

UPDATE purchase SET amount = amount + 1, item = item || ' (changed)' WHERE id % 5 = 0;
DELETE FROM purchase WHERE id % 3 = 0;
UPDATE customer SET note = upper(note) || name WHERE id % 2 = 0;
SELECT 'left', count(*), sum(amount), sum(length(item)) FROM purchase;
SELECT 'notes', sum(length(note)) FROM customer;
