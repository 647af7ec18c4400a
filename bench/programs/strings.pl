# Strings and hashes: words are made, counted, joined, split, matched and sorted. Prints a checksum.
use strict;
use warnings;
use integer;

my $state = 12;

sub below {
    my ($bound) = @_;
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    return ($state >> 8) % $bound;
}

my @syllables = qw(ar pent acre field sur vey chain link rod perch rood hide ox gang);
my (%count, %lines_of, @lines);
for my $line (1 .. 45000) {
    my @words = map { join '', map { $syllables[below(scalar @syllables)] } 1 .. 1 + below(4) } 1 .. 8;
    $count{$_}++ for @words;
    push @{ $lines_of{ $words[0] } }, $line;
    push @lines, join ' ', @words;
}

my $checksum = 0;
for my $line (@lines) {
    my $changed = $line;
    $changed =~ s/(\w+) (\w+)/$2-$1/g;
    $checksum = ($checksum * 31 + length($changed) + ord(substr $changed, -1)) & 0xffffffff;
    $checksum += scalar(my @parts = split /[- ]/, $changed);
}

my @common = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
delete @count{ @common[0 .. $#common / 2] };
my $text = join ',', map { "$_=$count{$_}" } sort keys %count;
my %nested;
for my $key (keys %lines_of) {
    $nested{ substr $key, 0, 2 }{$key} = [ map { { line => $_, text => $lines[ $_ - 1 ] } } @{ $lines_of{$key} } ];
}
my $held = 0;
for my $group (values %nested) {
    $held += scalar @$_ for values %$group;
}
undef %nested;
print join(' ', $checksum, length($text), scalar(@common), $held, $common[0]), "\n";
