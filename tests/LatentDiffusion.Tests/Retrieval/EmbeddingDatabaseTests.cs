using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using LatentDiffusion.Errors;
using LatentDiffusion.Retrieval;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Retrieval;

[Collection(nameof(ProcessWideState))]
public sealed class EmbeddingDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(50, 4, 3, 1)]
    [InlineData(2000, 24, 70, 20)]
    [InlineData(70_000, 8, 5, 10)]
    [InlineData(7, 3, 2, 7)]
    public void The_same_entries_are_found_as_one_by_one(int entries, int dimensions, int queries, int count)
    {
        using var scope = torch.NewDisposeScope();
        using var random = new torch.Generator(3);
        var rows = torch.randn([entries, dimensions], generator: random);
        var asked = torch.randn([queries, dimensions], generator: random);
        using var database = new EmbeddingDatabase(rows);

        var found = database.Search(asked, count);

        Assert.Equal(queries, found.Count);
        var (r, q) = (rows.data<float>().ToArray(), asked.data<float>().ToArray());
        for (var i = 0; i < queries; i++)
        {
            var expected = OneByOne(r, q.AsSpan(i * dimensions, dimensions).ToArray(), count);
            Assert.Equal(expected.Select(e => (long)e.Id), found[i].Ids);
            Assert.All(expected.Zip(found[i].Similarities), p => Assert.Equal(p.First.Cosine, p.Second, 1e-9));
        }
    }

    [Fact]
    public void Equal_entries_come_in_their_order_and_entries_of_length_0_are_similar_to_nothing()
    {
        using var scope = torch.NewDisposeScope();
        using var database = new EmbeddingDatabase(
            torch.tensor(new float[] { 0, 0, 1, 0, 3, 0, 2, 0, -1, 0, 0, 0 }, [6, 2])
        );

        var found = Assert.Single(database.Search(torch.tensor(new float[] { 5, 0 }, [1, 2]), 5));

        Assert.Equal([1L, 2, 3, 0, 5], found.Ids);
        Assert.Equal([1.0, 1, 1, 0, 0], found.Similarities);
    }

    [Fact]
    public void Nearly_equal_entries_are_told_apart_as_in_double_precision()
    {
        using var scope = torch.NewDisposeScope();
        var rows = torch.ones(100, 64);
        rows[70, 0] = torch.tensor(1.0001f);
        rows[30, 5] = torch.tensor(0.9998f);
        var query = torch.ones(1, 64);
        using var database = new EmbeddingDatabase(rows);

        var found = database.Search(query, 100)[0];

        var expected = OneByOne(rows.data<float>().ToArray(), query.data<float>().ToArray(), 100);
        Assert.Equal(expected.Select(e => (long)e.Id), found.Ids);
        Assert.Equal([70L, 30], found.Ids[^2..]);
    }

    [Fact]
    public void Files_are_joined_and_entries_become_unit_vectors()
    {
        using var scope = torch.NewDisposeScope();
        WriteNpz("a.npz", "embedding", "<f4", "2, 2", MemoryMarshal.AsBytes<float>([3, 4, 0, 2]));
        WriteNpz("b.npz", "embedding", "<f8", "1, 2", MemoryMarshal.AsBytes<double>([-5, 0]));

        using var database = EmbeddingDatabase.Load([_folder["a.npz"], _folder["b.npz"]]);

        Assert.Equal((3, 2), (database.Count, database.Dimensions));
        TensorAssert.Close(database.Normalised([2, 0]), [-1, 0, 0.6, 0.8], 1e-6);
    }

    [Fact]
    public void Wrong_files_and_numbers_are_named()
    {
        using var scope = torch.NewDisposeScope();
        WriteNpz("a.npz", "embedding", "<f4", "1, 2", MemoryMarshal.AsBytes<float>([3, 4]));
        WriteNpz("wide.npz", "embedding", "<f4", "1, 3", MemoryMarshal.AsBytes<float>([3, 4, 5]));
        WriteNpz("flat.npz", "embedding", "<f4", "2,", MemoryMarshal.AsBytes<float>([3, 4]));
        WriteNpz("other.npz", "vectors", "<f4", "1, 2", MemoryMarshal.AsBytes<float>([3, 4]));
        WriteNpz("short.npz", "embedding", "<f4", "9, 2", MemoryMarshal.AsBytes<float>([3, 4]));
        WriteNpz("text.npz", "embedding", "|S4", "1, 2", [1, 2, 3, 4]);
        WriteNpz("nan.npz", "embedding", "<f4", "1, 2", MemoryMarshal.AsBytes<float>([3, float.NaN]));
        File.WriteAllText(_folder["no.npz"], "text");

        Refused("[1, 3]", "a.npz", "wide.npz");
        Refused("[2]", "flat.npz");
        Refused("vectors", "other.npz");
        Refused("damaged", "short.npz");
        Refused("|S4", "text.npz");
        Refused("not a number", "nan.npz");
        Refused("no.npz", "no.npz");
        Refused("does not exist", "none.npz");
        using var database = EmbeddingDatabase.Load([_folder["a.npz"]]);
        Assert.Throws<ArgumentException>(() => database.Search(torch.zeros(1, 3), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => database.Search(torch.zeros(1, 2), 2));

        void Refused(string message, params string[] names) =>
            Assert.Contains(
                message,
                Assert
                    .ThrowsAny<UserInputException>(() => EmbeddingDatabase.Load([.. names.Select(n => _folder[n])]))
                    .Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void Searching_leaves_no_tensors_behind()
    {
        using var scope = torch.NewDisposeScope();
        using var database = new EmbeddingDatabase(torch.rand(100, 8));
        var queries = torch.rand(70, 8);

        LiveTensors.Unchanged(() => database.Search(queries, 3));
    }

    private static (int Id, double Cosine)[] OneByOne(float[] rows, float[] query, int count)
    {
        var dimensions = query.Length;
        return
        [
            .. Enumerable
                .Range(0, rows.Length / dimensions)
                .Select(id => (id, Cosine(rows.AsSpan(id * dimensions, dimensions), query)))
                .OrderByDescending(e => e.Item2)
                .ThenBy(e => e.id)
                .Take(count),
        ];
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double ab = 0,
            aa = 0,
            bb = 0;
        for (var i = 0; i < a.Length; i++)
        {
            ab += (double)a[i] * b[i];
            aa += (double)a[i] * a[i];
            bb += (double)b[i] * b[i];
        }

        return ab / (Math.Sqrt(aa) * Math.Sqrt(bb));
    }

    private void WriteNpz(string file, string array, string type, string shape, ReadOnlySpan<byte> data)
    {
        using var archive = ZipFile.Open(_folder[file], ZipArchiveMode.Create);
        using var stream = archive.CreateEntry(array + ".npy").Open();
        var header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0]);
        stream.Write(header);
        stream.Write(data);
    }
}
