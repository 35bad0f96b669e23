package collector

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	"vigia/agent/identity"
	apiv1 "vigia/collector/api/v1"
)

// machine is an enrolled machine whose reports a test makes by hand.
type machine struct {
	id   *identity.Identity
	conn *grpc.ClientConn

	last     uint64
	lastHash [sha256.Size]byte
}

// connect calls the collector as an identity that has reported nothing yet.
func connect(id *identity.Identity) (*machine, error) {
	config, err := id.TLS(id.Collector())
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(id.Collector(), grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		return nil, err
	}
	return &machine{id: id, conn: conn}, nil
}

// next makes and signs the next report of the machine's chain.
func (m *machine) next(results ...*apiv1.Result) (*apiv1.Item, error) {
	body, err := proto.Marshal(&apiv1.Report{
		AgentId: m.id.AgentID(), Sequence: m.last + 1, PreviousHash: m.lastHash[:], CreatedAt: time.Now().UnixMicro(),
		PolicyEpoch: 1, PolicyVersion: 1, Machine: describe("pc-de-prueba"), Results: results,
	})
	if err != nil {
		return nil, err
	}
	m.last, m.lastHash = m.last+1, apiv1.ReportHash(body)
	return &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{
		Report: body, Signature: m.id.Sign(apiv1.DomainReport, body),
	}}}, nil
}

// deliver sends items and returns an error unless all are acknowledged.
func (m *machine) deliver(ctx context.Context, items ...*apiv1.Item) error {
	resp, err := apiv1.NewIngestServiceClient(m.conn).Deliver(ctx, &apiv1.DeliverRequest{Items: items, PolicyEpoch: 1, PolicyVersion: 1})
	if err != nil {
		return err
	}
	if got := resp.GetDurableSequence(); got != m.last {
		return fmt.Errorf("acknowledged up to %d, want %d", got, m.last)
	}
	return nil
}

func describe(hostname string) *apiv1.Machine {
	return &apiv1.Machine{Hostname: hostname, Os: "linux", OsName: "Debian", OsVersion: "12", Arch: "amd64", AgentVersion: "0.1.0"}
}
