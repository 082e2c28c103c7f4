using CsCheck;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Text;

public sealed class VocabularyTrainerTests
{
    // Special tokens and printable ASCII, letters and digits twice.
    private const int Letters = 5 + 94 - 26 + 36;

    [Fact]
    public void Frequent_pairs_become_pieces_first()
    {
        var vocabulary = VocabularyTrainer.Train(["low low low lower", "new newer newest", "é"], 1000);

        Assert.Equal(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], vocabulary.Take(5));
        // l-o and o-w occur four times, e-w three times; what occurs once is not learned.
        Assert.Equal(["##ow", "low", "##ew", "new", "##er"], vocabulary.Skip(Letters));
        Assert.Contains("e", vocabulary);
    }

    [Fact]
    public void The_size_is_kept_and_the_order_of_texts_is_of_no_matter()
    {
        string[] texts = ["a cat on a mat", "the cats of the hats", "that fat cat sat"];

        var vocabulary = VocabularyTrainer.Train(texts, Letters + 3);

        Assert.Equal(Letters + 3, vocabulary.Count);
        Assert.Equal(vocabulary, VocabularyTrainer.Train(texts.Reverse(), Letters + 3));
        Assert.Equal(vocabulary, VocabularyTrainer.Train(texts, Letters + 4).SkipLast(1));
    }

    [Fact]
    public void Every_text_of_the_letters_can_be_written_and_read_back() =>
        Gen.Char["abcdefghijklmnopqrstuvwxyz 0123456789-!#$"]
            .Array[0, 40]
            .Select(c => new string(c))
            .Array[1, 6]
            .Sample(texts =>
            {
                var vocabulary = VocabularyTrainer.Train(texts, 200);
                var tokenizer = WordPieceTokenizer.Parse(string.Join('\n', vocabulary), "trained");
                return texts.All(text => Compact(tokenizer.TextOf(tokenizer.Tokenize(text))) == Compact(text));
            });

    [Fact]
    public void Too_small_a_size_is_refused() =>
        Assert.Contains(
            $"A vocabulary of 50 tokens is too small: the letters alone take {Letters}",
            Assert.Throws<UserInputException>(() => VocabularyTrainer.Train(["a"], 50)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void The_vocabulary_that_ships_is_what_its_captions_give_and_writes_them_in_few_tokens()
    {
        var captions = CaptionCollection.Read(Repository.PathOf("data/emoji/emoji64.parquet"));
        var shipped = File.ReadAllText(Repository.PathOf("data/emoji/vocab.txt"));
        var tokenizer = WordPieceTokenizer.Parse(shipped, "shipped");

        Assert.Equal(shipped, string.Join('\n', VocabularyTrainer.Train(captions, 2000)) + "\n");
        var lengths = captions.Select(caption => tokenizer.Tokenize(caption)).ToList();
        Assert.DoesNotContain(lengths, tokens => tokens.Contains(1));
        Assert.Equal(23, lengths.Max(tokens => tokens.Count));
        Assert.True(lengths.Average(tokens => tokens.Count) < 14);
    }

    private static string Compact(string text) => text.Replace(" ", "", StringComparison.Ordinal);
}
